"""The work: what people asked, and answering in time. Not the HTTP library; see docs/adr/0003."""

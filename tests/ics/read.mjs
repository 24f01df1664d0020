// Reads a calendar on stdin with ical.js and prints what it understood as JSON; strict, so that
// anything the parser would have to guess is an error.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

ICAL.design.strict = true;
const text = readFileSync(0, "utf8");
const component = new ICAL.Component(ICAL.parse(text));
const events = component.getAllSubcomponents("vevent").map((part) => {
  const event = new ICAL.Event(part);
  return {
    uid: event.uid,
    summary: event.summary,
    start: event.startDate.toString(),
    isDate: event.startDate.isDate,
    sequence: event.sequence,
    status: part.getFirstPropertyValue("status"),
  };
});
console.log(JSON.stringify({ version: component.getFirstPropertyValue("version"), events }));

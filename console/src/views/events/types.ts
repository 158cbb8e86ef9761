import type { Schemas } from "../../api/client";

export type EventType = Schemas["EventType"];

/** The catalogue of event types, in its order; a type that is missing or unknown does not compile. */
const NUMBERED: Record<EventType, number> = {
  NewFileUpload: 0,
  ProcedureStateChanged: 1,
  FileDeleted: 2,
  PullComplete: 3,
  ReviewAudioVideoComplete: 4,
};

export const EVENT_TYPES = Object.keys(NUMBERED) as EventType[];

/** Return a text of the address as a type, undefined for any other. */
export function eventType(text: string | null): EventType | undefined {
  return EVENT_TYPES.find((each) => each === text);
}

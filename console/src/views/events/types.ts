import type { Schemas } from "../../api/client";
import { eventTypeValues } from "../../api.gen";

export type EventType = Schemas["EventType"];

/** The catalogue of event types, in its order. */
export const EVENT_TYPES: EventType[] = [...eventTypeValues];

/** Return a text of the address as a type, undefined for any other. */
export function eventType(text: string | null): EventType | undefined {
  return EVENT_TYPES.find((each) => each === text);
}

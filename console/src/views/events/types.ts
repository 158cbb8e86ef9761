/** Types of events that are offered where one is chosen. */
export const EVENT_TYPES = [
  "NewFileUpload",
  "ProcedureStateChanged",
  "FileDeleted",
  "PullComplete",
  "ReviewAudioVideoComplete",
] as const;

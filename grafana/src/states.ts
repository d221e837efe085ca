// SPDX-License-Identifier: Apache-2.0
// What a state's number or name is called, and its colour.
import { MappingType, ValueMapping } from "@grafana/grafana-foundation-sdk/dashboard";

import { CRITICAL, GOOD, MARK, NOTICE, PRIMARY, UNKNOWN, WARNING } from "./colors";

/** [value, text, color] of each. */
export function states(...those: [string | number, string, string][]): ValueMapping[] {
  const options = Object.fromEntries(
    those.map(([value, text, color], index) => [String(value), { text, color, index }]),
  );
  return [{ type: MappingType.ValueToText, options }];
}

/** As exprs.roles gives them. */
export const ROLE = states(
  [0, "primary", PRIMARY],
  [1, "standby", GOOD],
  [2, "down, was primary", CRITICAL],
  [3, "down, was standby", WARNING],
  [4, "never seen", UNKNOWN],
);
/** As exprs.links gives them. */
export const LINK = states(
  [0, "not connected", CRITICAL],
  [1, "catching up", NOTICE],
  [2, "streaming", GOOD],
  [3, "connected, state hidden", UNKNOWN],
);
export const UP = states([0, "down", CRITICAL], [1, "up", GOOD]);
export const KNOWN = states([0, "a bound", WARNING], [1, "measured", GOOD]);
export const YES = states([0, "no", UNKNOWN], [1, "yes", GOOD]);
export const NO_IS_BAD = states([0, "no", CRITICAL], [1, "yes", GOOD]);
export const YES_IS_BAD = states([0, "no", GOOD], [1, "yes", CRITICAL]);
export const HELD = states([1, "holds", MARK]);
export const EDGE = states([0, "lost", CRITICAL], [1, "receives", GOOD]);
export const FIRING = states([1, "firing", CRITICAL]);
/** Twice paused, plus pause requested. */
export const PAUSE = states(
  [0, "replays", GOOD],
  [1, "pause requested", NOTICE],
  [2, "paused", WARNING],
);
export const SLOT_STATUS = states(
  ["reserved", "reserved", GOOD],
  ["extended", "extended", NOTICE],
  ["unreserved", "unreserved", CRITICAL],
  ["lost", "lost", CRITICAL],
  ["other", "other", UNKNOWN],
);
export const SLOT_COPY = states([0, "original", UNKNOWN], [1, "copy", GOOD]);
export const SEVERITY = states(["critical", "critical", CRITICAL], ["warning", "warning", WARNING]);
export const CAUSE = states(["none", "none", GOOD]);

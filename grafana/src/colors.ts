// SPDX-License-Identifier: Apache-2.0
// Okabe and Ito's palette, which people with any kind of colour blindness can tell apart. Good is
// blue, not green, for the sake of those who see no difference between green and red.

export const GOOD = "#56B4E9";
export const NOTICE = "#F0E442";
export const WARNING = "#E69F00";
export const CRITICAL = "#D55E00";
export const UNKNOWN = "#999999";
export const PRIMARY = "#0072B2";
export const MARK = "#CC79A7";

/** For series whose names are known, in their order. */
export const SERIES = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#F0E442", "#D55E00"];

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every number by which diagnosis tells one thing from another. Ratios are written as
 * numerator and denominator or in percent. `make rates` prints how often the evidence
 * functions are right on captures at hand; whoever changes a line here runs it again.
 */
#ifndef ENGINE_THRESHOLDS_H
#define ENGINE_THRESHOLDS_H

/* E1: windows that are this part of the SYN's, or less, were shifted; or more, were not. */
#define E1_SHIFTED_PART   3 /* a third */
#define E1_UNSHIFTED_PART 2 /* a half */
#define E1_MIN_SHIFT      4
/* How near the first window is to the SYN's, shifted by a whole number or not at all, %. */
#define E1_EXACT_PERCENT 8

/* E2: samples that make a slope, and how many of them must lie within one of its median, %. */
#define E2_SAMPLES        8
#define E2_TOGETHER       65
#define E2_MIN_DIFFERENCE 2
#define E2_SHOWN          10 /* one in so many at a shift, or below, shows it */

/* E4: pauses with the raw window full. */
#define E4_PAUSES 3

/* phantom-scaling */
#define PHANTOM_PART        4 /* of the SYN's window, for as long as the connection is watched */
#define PHANTOM_PACKETS     8 /* of that side; or */
#define PHANTOM_FEW_PACKETS 4 /* over so many round trips */
#define PHANTOM_ROUNDS      4
#define PHANTOM_MIN_SHIFT   2
/* So near to the SYN's is a first window that must be its, shifted, %. */
#define PHANTOM_HAIR_PERCENT 2

/* missing-scaling: a first window so large can hardly be meant to be shifted by 4 or more. */
#define MISSING_SURE_WINDOW 16384
#define MISSING_PACKETS     4

/* window-overrun */
#define OVERRUN_SENDS  3
#define OVERRUN_ROUNDS 2
/* Beyond doubt: not a few acknowledgments that the capture missed. */
#define OVERRUN_SURE_PERCENT 20 /* of all sends */

/* drop-boundary: watched segments on either side of it. */
#define BOUNDARY_SAMPLES 5
#define BOUNDARY_PURE    8 /* for so many that arrived within it one may be lost */
#define BOUNDARY_ACROSS  4 /* of those across it, for so many lost one may arrive */
#define BOUNDARY_ROUNDS  3 /* round trips in which samples were lost */

/* window-limited: sends that are judged; how many of them, or of the time, a full window takes, %. */
#define LIMITED_SENDS   20
#define LIMITED_PERCENT 30
/* The capture is near the sender when its side of the round trip is at most this, %. */
#define NEAR_PERCENT 25
/* A round trip so short is near to both ends. */
#define NEAR_US 1000

/* zero-window-stall: less is how receivers work; so much is felt; so much is for ever. */
#define STALL_MIN_NS           (100 * ENGINE_NS_PER_MS)
#define STALL_FELT_NS          (1000 * ENGINE_NS_PER_MS)
#define STALL_PERMANENT_NS     (60000 * ENGINE_NS_PER_MS)
#define STALL_PERMANENT_PROBES 3

/* tiny-window */
#define TINY_SHIFT   10
#define TINY_WINDOW  2
#define TINY_PACKETS 4

/* signed-window */
#define SIGNED_WINDOW  32767
#define SIGNED_PACKETS 8

/* synproxy-no-wscale: hops by which the SYN-ACK's way differs from all later packets'. */
#define PROXY_HOPS    2
#define PROXY_PACKETS 4

/* syncookie-no-wscale: handshakes of each kind at one listener; offers with and without, %. */
#define COOKIE_HANDSHAKES      20
#define COOKIE_WITH_PERCENT    90
#define COOKIE_WITHOUT_PERCENT 10

/* state-loss: connections, their age, and the time within which they are lost. */
#define LOSS_FLOWS   10
#define LOSS_AGE_NS  (30000 * ENGINE_NS_PER_MS)
#define LOSS_SPAN_NS (2000 * ENGINE_NS_PER_MS)
/* And so many times what is usual in that time. */
#define LOSS_TIMES_USUAL 4
#define LOSS_RESENDS     3

/* path-strips: hosts of one prefix that answer without, none of them with. */
#define STRIPS_HOSTS 3

#endif

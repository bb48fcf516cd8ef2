/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A frame for each number: one of mutate_frames.def, damaged in a way that the number and the seed
 * alone decide.
 */
#ifndef WSCOPE_MUTATE_FRAME_H
#define WSCOPE_MUTATE_FRAME_H

#include "tests/unit/packet_builder.h"

/* Fills *f, to be released with packet_builder_free(). */
void mutate_frame_make(struct packet_builder_frame *f, __u64 seed, __u64 number);

/* When frame `number` was captured, nanoseconds. */
__u64 mutate_frame_ns(__u64 number);

/* The i-th frame of the list as it is, to be released; false behind the last. */
_Bool mutate_frame_original(struct packet_builder_frame *f, __u32 i);

/* Releases what is kept between calls. */
void mutate_frame_done(void);

#endif

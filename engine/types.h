/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ground rules of the engine: one set of inline headers, compiled for XDP, for
 * TC and natively. Nothing here knows which of the three it is in.
 */
#ifndef ENGINE_TYPES_H
#define ENGINE_TYPES_H

#include <linux/types.h>

#define ENGINE_INLINE static inline __attribute__((always_inline, unused))

#define ENGINE_LIKELY(x)   __builtin_expect(!!(x), 1)
#define ENGINE_UNLIKELY(x) __builtin_expect(!!(x), 0)

/*
 * Makes the compiler forget what it knows about a value, so that a bound which
 * was checked stays the bound of the register that is used afterwards. The
 * verifier of the kernel sees registers, not C.
 */
#define engine_opaque(x) asm volatile("" : "+r"(x))

/* Everything held in memory is reloaded after this. */
#define engine_barrier() asm volatile("" ::: "memory")

/* Bytes of a frame that any engine looks at; the rest is payload to us. */
#define ENGINE_WINDOW 1024U

/* Memory behind the window in the kernel's copy of a frame, so that a fixed-size read may overhang. */
#define ENGINE_SLACK 16U

#define ENGINE_NS_PER_US 1000ULL
#define ENGINE_NS_PER_MS 1000000ULL

/* Sequence number comparison modulo 2^32 (RFC 9293, 3.4). */
ENGINE_INLINE _Bool seq_after(__u32 a, __u32 b)
{
	return (__s32)(a - b) > 0;
}

/* True when low <= x <= low + span, modulo 2^32. */
ENGINE_INLINE _Bool seq_within(__u32 x, __u32 low, __u32 span)
{
	return x - low <= span;
}

/* Unaligned big-endian loads; compilers make one load and one swap of each. */
ENGINE_INLINE __u16 load_be16(const __u8 *p)
{
	return (__u16)((__u16)(p[0] << 8) | p[1]);
}

ENGINE_INLINE __u32 load_be32(const __u8 *p)
{
	return (__u32)p[0] << 24 | (__u32)p[1] << 16 | (__u32)p[2] << 8 | p[3];
}

/* Unaligned loads of wire bytes as they are, to be compared or copied, not computed with. */
ENGINE_INLINE __u32 load_raw32(const __u8 *p)
{
	__u32 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

ENGINE_INLINE __u64 load_raw64(const __u8 *p)
{
	__u64 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Where the processor helps. ThreadSanitizer sees a 16-byte load as a race with a slot that is
 * being appended beyond the ones counted, though those lanes are masked out: it gets plain code.
 */
#ifndef PEHRA_SIMD_H
#define PEHRA_SIMD_H

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PEHRA_NO_SIMD
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define PEHRA_NO_SIMD
#endif

#if defined(__SSE2__) && !defined(PEHRA_NO_SIMD)
#define PEHRA_SSE2
#include <emmintrin.h>
#endif

static inline void prefetch(const void *place)
{
	__builtin_prefetch(place);
}

#endif

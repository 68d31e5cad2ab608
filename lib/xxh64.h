/* SPDX-License-Identifier: MIT */
/* XXH64 as specified in xxHash's doc/xxhash_spec.md (Collet); little-endian machines. */
#ifndef PEHRA_XXH64_H
#define PEHRA_XXH64_H

#include <stddef.h>
#include <stdint.h>

uint64_t xxh64(const void *data, size_t size, uint64_t seed);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stable merge sort that starts from the runs already in order (natural merge sort, Knuth TAOCP
 * 5.2.4): what a few sorted sources delivered one after the other costs n * log2(sources) steps.
 */
#pragma once

#include "base/err.h"

typedef int (*sort_order)(const void *a, const void *b);

/* Sorts n items of size bytes; takes n * size bytes of working memory unless already in order. */
void sort_runs(void *items, size_t n, size_t size, sort_order order);

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a fuzz target is: one function that takes any bytes, returns 0, and never crashes, leaks or
 * takes longer than a moment. A target states what must hold of its answer (a round trip, an
 * oracle) with must(), so that a wrong answer ends the process as a crash does.
 *
 * `make fuzz` links targets with libFuzzer; `make test` links them with replay.c.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

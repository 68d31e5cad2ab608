/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random sets of entries, the snapshot built from them, and the answers that a linear scan gives.
 * Sets live in a small world, so that entries nest, touch and collide.
 */
#pragma once

#include "prop.h"

#include "base/io.h"
#include "snapshot/build.h"

#include <ftw.h>
#include <unistd.h>

enum { ORACLE_VERDICTS = 200, ORACLE_ENTRIES_MAX = 6000, ORACLE_NAME_MAX = 40 };

struct oracle {
	struct snapshot_v4 v4[ORACLE_ENTRIES_MAX];
	size_t v4_count;
	struct snapshot_v6 v6[ORACLE_ENTRIES_MAX];
	size_t v6_count;
	struct snapshot_text texts[ORACLE_ENTRIES_MAX];
	char text_bytes[ORACLE_ENTRIES_MAX][ORACLE_NAME_MAX];
	size_t text_count;
	struct verdict_table *verdicts;
	uint64_t generation;
	char folder[64];
	struct snapshot_key key;
};

struct oracle *oracle_new(void);
void oracle_free(struct oracle **oracle);

/* Random entries that are not there yet, in the order that the builder wants. */
void oracle_add_v4(struct oracle *oracle, struct prop *prop, size_t count);
void oracle_add_v6(struct oracle *oracle, struct prop *prop, size_t count);
void oracle_add_texts(struct oracle *oracle, struct prop *prop, size_t count);
struct snapshot_v4 oracle_random_v4(struct prop *prop);
struct snapshot_v6 oracle_random_v6(struct prop *prop);
/* Room for ORACLE_NAME_MAX bytes at text. */
struct snapshot_text oracle_random_text(struct prop *prop, char *text);

/* Puts or, with verdict 0, takes out; keeps the order. */
void oracle_put_v4(struct oracle *oracle, const struct snapshot_v4 *entry);
void oracle_put_v6(struct oracle *oracle, const struct snapshot_v6 *entry);
void oracle_put_text(struct oracle *oracle, const struct snapshot_text *entry);

/* The closest entry around a place, narrower than limit (33 or 129 for any); NULL when none. */
const struct snapshot_v4 *oracle_v4(const struct oracle *oracle, uint32_t address, uint8_t limit);
const struct snapshot_v6 *oracle_v6(
	const struct oracle *oracle, uint64_t high, uint64_t low, uint8_t limit);
const struct snapshot_text *oracle_name(const struct oracle *oracle, struct str name);
const struct snapshot_text *oracle_url(const struct oracle *oracle, struct str url);

/* Is inner a part of outer, or the same? */
bool v4_within(const struct snapshot_v4 *inner, const struct snapshot_v4 *outer);
bool v6_within(const struct snapshot_v6 *inner, const struct snapshot_v6 *outer);
bool name_is_below(struct str name, struct str ancestor);

void oracle_build(struct oracle *oracle);
struct pehra *oracle_open(const struct oracle *oracle, const char *file);

/* NULL, or what differs between the snapshot and the scan. */
const char *oracle_compare_v4(
	const struct oracle *oracle, const struct pehra *snapshot, struct prop *prop);
const char *oracle_compare_v6(
	const struct oracle *oracle, const struct pehra *snapshot, struct prop *prop);
const char *oracle_compare_texts(
	const struct oracle *oracle, const struct pehra *snapshot, struct prop *prop);

void oracle_bytes_of(uint64_t high, uint64_t low, uint8_t out[16]);

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/verdict.h"

#include "format.h"

enum {
	/* ids above are for records without sources, so that those rarely run out */
	ID_WITH_SOURCES_MAX = 57344,
	SET_MAX = UINT16_MAX,
	SOURCES_PER_SET_MAX = 4096
};

struct verdict_table *verdict_table_new(void)
{
	struct verdict_table *table = calloc(1, sizeof *table);
	const struct pehra_verdict none = { 0 };
	const uint32_t start = 0;
	const uint16_t empty = 0;

	must(table != NULL);
	buf_put(&table->records, &none, sizeof none);
	buf_put(&table->set_starts, &start, sizeof start);
	buf_put(&table->set_numbers, &empty, sizeof empty);
	return table;
}

void verdict_table_free(struct verdict_table **table)
{
	if (*table == NULL)
		return;
	buf_done(&(*table)->records);
	buf_done(&(*table)->set_starts);
	buf_done(&(*table)->set_numbers);
	map_done(&(*table)->ids);
	map_done(&(*table)->sets);
	free(*table);
	*table = NULL;
}

uint32_t verdict_table_count(const struct verdict_table *table)
{
	return (uint32_t)(table->records.n / sizeof(struct pehra_verdict)) - 1;
}

uint32_t verdict_table_sets(const struct verdict_table *table)
{
	return (uint32_t)(table->set_starts.n / sizeof(uint32_t));
}

/* 0 when the set cannot be kept. */
static uint16_t set_intern(struct verdict_table *table, const uint16_t *sources, size_t count)
{
	struct str key = { (const char *)sources, count * sizeof *sources };
	bool is_new;

	if (count == 0 || count > SOURCES_PER_SET_MAX)
		return 0;

	uint64_t *set = map_get(&table->sets, key);

	if (set != NULL)
		return (uint16_t)*set;

	uint32_t number = verdict_table_sets(table);
	uint32_t start = (uint32_t)(table->set_numbers.n / sizeof(uint16_t));
	uint16_t stored = (uint16_t)count;

	if (number > SET_MAX)
		return 0;
	*map_add(&table->sets, key, &is_new) = number;
	buf_put(&table->set_starts, &start, sizeof start);
	buf_put(&table->set_numbers, &stored, sizeof stored);
	buf_put(&table->set_numbers, key.p, key.n);
	return (uint16_t)number;
}

static struct str record_key(const struct pehra_verdict *record)
{
	return (struct str){ (const char *)record, sizeof *record };
}

/* 0 when the record is new and no id up to limit is left. */
static uint16_t record_intern(
	struct verdict_table *table, const struct pehra_verdict *record, uint32_t limit)
{
	uint64_t *id = map_get(&table->ids, record_key(record));
	bool is_new;

	if (id != NULL)
		return (uint16_t)*id;
	if (verdict_table_count(table) >= limit)
		return 0;
	buf_put(&table->records, record, sizeof *record);
	*map_add(&table->ids, record_key(record), &is_new) = verdict_table_count(table);
	return (uint16_t)verdict_table_count(table);
}

static uint32_t record_distance(const struct pehra_verdict *a, const struct pehra_verdict *b)
{
	uint32_t distance = a->action == b->action ? 0 : 1u << 20;

	distance += (uint32_t)__builtin_popcountll(a->categories ^ b->categories) << 10;
	for (size_t role = 0; role < PEHRA_ROLES; role++)
		distance += (uint32_t)abs(a->score[role] - b->score[role]);
	return distance;
}

/* When even the last ids are gone: the most similar record, found once for each new one. */
static uint16_t record_nearest(struct verdict_table *table, const struct pehra_verdict *record)
{
	const struct pehra_verdict *records = (const void *)table->records.data;
	uint32_t best = 1;
	bool is_new;

	for (uint32_t id = 2; id <= verdict_table_count(table); id++) {
		if (record_distance(&records[id], record) < record_distance(&records[best], record))
			best = id;
	}
	*map_add(&table->ids, record_key(record), &is_new) = best;
	return (uint16_t)best;
}

static bool is_last(const struct verdict_table *table, const struct pehra_verdict *verdict,
	const uint16_t *sources, size_t source_count)
{
	return table->last_id != 0 && table->last_count == source_count &&
	       memcmp(&table->last, verdict, sizeof *verdict) == 0 &&
	       (source_count == 0 ||
		       memcmp(table->last_sources, sources, source_count * sizeof *sources) == 0);
}

static void last_set(struct verdict_table *table, const struct pehra_verdict *verdict,
	const uint16_t *sources, size_t source_count, uint16_t id)
{
	table->last_id = source_count <= VERDICT_LAST_SOURCES ? id : 0;
	if (table->last_id == 0)
		return;
	table->last = *verdict;
	table->last_count = source_count;
	if (source_count > 0)
		memcpy(table->last_sources, sources, source_count * sizeof *sources);
}

static uint16_t intern(struct verdict_table *table, const struct pehra_verdict *verdict,
	const uint16_t *sources, size_t source_count)
{
	struct pehra_verdict record = *verdict;
	uint16_t id;

	record.source_count = (uint16_t)(source_count < UINT16_MAX ? source_count : UINT16_MAX);
	record.source_set = set_intern(table, sources, source_count);
	id = record_intern(table, &record, ID_WITH_SOURCES_MAX);
	if (id != 0)
		return id;
	record.source_set = 0;
	id = record_intern(table, &record, SNAPSHOT_ID_MAX);
	return id != 0 ? id : record_nearest(table, &record);
}

uint16_t verdict_table_intern(struct verdict_table *table, const struct pehra_verdict *verdict,
	const uint16_t *sources, size_t source_count)
{
	uint16_t id;

	if (is_last(table, verdict, sources, source_count))
		return table->last_id;
	id = intern(table, verdict, sources, source_count);
	last_set(table, verdict, sources, source_count, id);
	return id;
}

uint16_t verdict_table_with_action(struct verdict_table *table, uint16_t id, uint8_t action)
{
	struct pehra_verdict record;
	uint16_t with;

	memcpy(&record, table->records.data + (size_t)id * sizeof record, sizeof record);
	record.action = action;
	with = record_intern(table, &record, SNAPSHOT_ID_MAX);
	return with != 0 ? with : record_nearest(table, &record);
}

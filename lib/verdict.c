/* SPDX-License-Identifier: MIT */
/* Verdict records, the sources behind them, and what the file says about itself. */
#include "reader.h"

#include <string.h>

/* A count that grows in a live copy, and never beyond the room. */
static uint64_t in_use(
	const struct pehra *s, uint32_t written, _Atomic uint32_t *now, uint64_t room)
{
	uint64_t count = s->is_live ? LOAD_ACQUIRE(now) : written;

	return count < room ? count : room;
}

const struct pehra_verdict *pehra_verdict(const struct pehra *snapshot, pehra_id id)
{
	const struct pehra *s = snapshot;
	uint64_t last = in_use(s, s->header->verdicts, &s->control->verdicts, s->verdict_count - 1);

	return id == 0 || id > last ? NULL : &s->verdicts[id];
}

static const char *source_name(const struct pehra *s, uint16_t source)
{
	uint64_t count = in_use(s, s->header->sources, &s->control->sources, s->source_count);

	if (source >= count || s->source_starts[source] >= s->source_byte_count)
		return "";
	return s->source_names + s->source_starts[source];
}

size_t pehra_sources(
	const struct pehra *snapshot, uint16_t source_set, const char **names, size_t max)
{
	const struct pehra *s = snapshot;
	uint64_t sets = in_use(s, s->header->sets, &s->control->sets, s->set_count);

	if (source_set == 0 || source_set >= sets)
		return 0;

	uint64_t start = s->set_starts[source_set];

	if (start >= s->set_number_count)
		return 0;

	size_t count = s->set_numbers[start];

	if (count > s->set_number_count - start - 1)
		return 0;
	for (size_t i = 0; i < count && i < max; i++)
		names[i] = source_name(s, s->set_numbers[start + 1 + i]);
	return count;
}

const char *pehra_category_name(const struct pehra *snapshot, unsigned category)
{
	if (category >= snapshot->category_count)
		return NULL;

	const char *name = snapshot->category_names + (size_t)category * CATEGORY_NAME_BYTES;

	return name[0] == '\0' || name[CATEGORY_NAME_BYTES - 1] != '\0' ? NULL : name;
}

void pehra_info(const struct pehra *snapshot, struct pehra_info *out)
{
	const struct snapshot_header *header = snapshot->header;
	struct snapshot_control *control = snapshot->control;

	*out = (struct pehra_info){ .generation = header->generation,
		.created_s = header->created_s,
		.ipv4_entries = header->ipv4_entries,
		.ipv6_entries = header->ipv6_entries,
		.name_entries = header->name_entries,
		.verdicts = header->verdicts,
		.file_bytes = header->file_bytes,
		.is_live = snapshot->is_live };
	if (!snapshot->is_live)
		return;
	out->changes = LOAD(&control->changes);
	out->ipv4_entries = LOAD(&control->ipv4_entries);
	out->ipv6_entries = LOAD(&control->ipv6_entries);
	out->name_entries = LOAD(&control->name_entries);
	out->verdicts = LOAD(&control->verdicts);
}

int pehra_superseded(const struct pehra *snapshot)
{
	return LOAD_ACQUIRE(&snapshot->control->superseded) != 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sections of verdict records, source sets, source names and category names. */
#include "snapshot/verdict.h"
#include "snapshot/writer.h"

enum {
	SPARE_VERDICTS = 4096,
	SPARE_SETS = 4096,
	SPARE_SET_NUMBERS = 64 * 1024,
	SPARE_SOURCES = 256,
	SPARE_SOURCE_BYTES = 16 * 1024
};

static uint64_t at_most(uint64_t n, uint64_t limit)
{
	return n < limit ? n : limit;
}

/* A section of what is in use and zeros up to room elements. */
static enum err section_with_room(struct snapshot_writer *writer, enum section_id id,
	const struct buf *used, size_t room_bytes, struct why *why)
{
	CLEANUP(region_done) struct region region = region_new(room_bytes);

	if (used->n > 0)
		memcpy(region.p, used->data, used->n);
	return writer_section(writer, id, region.p, room_bytes, why);
}

static enum err records_write(
	struct snapshot_writer *writer, const struct verdict_table *table, struct why *why)
{
	uint64_t ids = at_most(
		(uint64_t)verdict_table_count(table) + 1 + SPARE_VERDICTS, SNAPSHOT_ID_MAX + 1);
	uint64_t sets =
		at_most((uint64_t)verdict_table_sets(table) + SPARE_SETS, (uint64_t)UINT16_MAX + 1);

	writer->header.verdicts = verdict_table_count(table);
	writer->header.sets = verdict_table_sets(table);
	writer->header.set_numbers = (uint32_t)(table->set_numbers.n / sizeof(uint16_t));
	TRY(section_with_room(writer, SECTION_VERDICTS, &table->records,
		ids * sizeof(struct pehra_verdict), why));
	TRY(section_with_room(
		writer, SECTION_SET_STARTS, &table->set_starts, sets * sizeof(uint32_t), why));
	return section_with_room(writer, SECTION_SET_NUMBERS, &table->set_numbers,
		table->set_numbers.n + SPARE_SET_NUMBERS * sizeof(uint16_t), why);
}

static enum err sources_write(
	struct snapshot_writer *writer, const struct snapshot_input *input, struct why *why)
{
	CLEANUP(buf_done) struct buf starts = { 0 };
	CLEANUP(buf_done) struct buf names = { 0 };

	for (size_t i = 0; i < input->source_count; i++) {
		uint32_t start = (uint32_t)names.n;

		buf_put(&starts, &start, sizeof start);
		buf_str(&names, input->source_names[i]);
		buf_byte(&names, '\0');
	}
	writer->header.sources = (uint32_t)input->source_count;
	writer->header.source_bytes = (uint32_t)names.n;
	TRY(section_with_room(writer, SECTION_SOURCE_STARTS, &starts,
		at_most(input->source_count + SPARE_SOURCES, (uint64_t)UINT16_MAX + 1) *
			sizeof(uint32_t),
		why));
	return section_with_room(
		writer, SECTION_SOURCE_NAMES, &names, names.n + SPARE_SOURCE_BYTES, why);
}

static enum err categories_write(
	struct snapshot_writer *writer, const struct snapshot_input *input, struct why *why)
{
	char names[CATEGORIES_MAX][CATEGORY_NAME_BYTES] = { 0 };

	for (size_t i = 0; i < input->category_count; i++) {
		if (!str_to_c(input->category_names[i], names[i], sizeof names[i]))
			return fail(why, ERR_LIMIT, "category name too long: %.*s",
				STR_FMT(input->category_names[i]));
	}
	return writer_section(writer, SECTION_CATEGORY_NAMES, names,
		input->category_count * CATEGORY_NAME_BYTES, why);
}

enum err write_verdicts(
	struct snapshot_writer *writer, const struct snapshot_input *input, struct why *why)
{
	if (input->category_count > CATEGORIES_MAX || input->source_count > UINT16_MAX)
		return fail(why, ERR_LIMIT, "%zu categories, %zu sources", input->category_count,
			input->source_count);
	TRY(records_write(writer, input->verdicts, why));
	TRY(sources_write(writer, input, why));
	return categories_write(writer, input, why);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sections of names and URLs. Ancestors of a name are nodes too; they share its text. */
#include "snapshot/build.h"
#include "snapshot/writer.h"

#define NONE UINT32_MAX

enum {
	INDEX_FIRST = 1024,
	SLOTS_MIN = 4096,
	SPARE_TEXT = 256 * 1024,
	/* what a build may use of the probes a reader makes, so that a live copy has room */
	PROBES_BUILT_MAX = TEXT_PROBES_MAX / 2
};

struct node {
	uint64_t mixed;
	uint32_t start;
	uint16_t length;
	uint16_t kind;
	uint32_t exact; /* entry or NONE */
	uint32_t below;
	uint32_t count;
};

struct text_build {
	const struct snapshot_text *entries;
	struct buf nodes; /* struct node */
	struct buf bytes;
	uint32_t *index; /* node + 1 by hash; a power of two of them */
	uint32_t index_slots;
	uint64_t seed;
};

static struct node *node_at(struct text_build *build, uint32_t i)
{
	return (struct node *)(void *)build->nodes.data + i;
}

static uint32_t node_count(const struct text_build *build)
{
	return (uint32_t)(build->nodes.n / sizeof(struct node));
}

static void index_grow(struct text_build *build)
{
	free(build->index);
	build->index_slots = build->index_slots == 0 ? INDEX_FIRST : 2 * build->index_slots;
	build->index = calloc(build->index_slots, sizeof *build->index);
	must(build->index != NULL);
	for (uint32_t i = 0; i < node_count(build); i++) {
		uint32_t slot = (uint32_t)node_at(build, i)->mixed & (build->index_slots - 1);

		while (build->index[slot] != 0)
			slot = (slot + 1) & (build->index_slots - 1);
		build->index[slot] = i + 1;
	}
}

/* The node of a text, made when it is new; its bytes are in entry's text, which starts at base. */
static uint32_t node_find(
	struct text_build *build, uint64_t mixed, uint16_t kind, struct str text, uint32_t start)
{
	if (node_count(build) * UINT64_C(2) >= build->index_slots)
		index_grow(build);

	uint32_t mask = build->index_slots - 1;
	uint32_t slot = (uint32_t)mixed & mask;

	for (; build->index[slot] != 0; slot = (slot + 1) & mask) {
		uint32_t i = build->index[slot] - 1;
		const struct node *node = node_at(build, i);

		if (node->mixed == mixed && node->kind == kind && node->length == text.n &&
			memcmp(build->bytes.data + node->start, text.p, text.n) == 0)
			return i;
	}

	struct node node = { .mixed = mixed,
		.start = start,
		.length = (uint16_t)text.n,
		.kind = kind,
		.exact = NONE,
		.below = NONE };

	buf_put(&build->nodes, &node, sizeof node);
	build->index[slot] = node_count(build);
	return node_count(build) - 1;
}

static void name_add(struct text_build *build, uint32_t entry)
{
	struct str name = build->entries[entry].text;
	uint32_t start = (uint32_t)build->bytes.n;
	uint64_t hash = text_hash_start(build->seed, TEXT_NAME);
	uint32_t before = node_count(build);
	uint32_t at = NONE;

	/* put first, so that new nodes can point at it; taken back when none did */
	buf_str(&build->bytes, name);
	for (size_t i = name.n; i-- > 0;) {
		hash = text_hash_byte(hash, (uint8_t)name.p[i]);
		if (i != 0 && name.p[i - 1] != '.')
			continue;
		at = node_find(build, hash_mix(hash), TEXT_NAME, str_from_index(name, i),
			start + (uint32_t)i);
		node_at(build, at)->count++;
	}
	if (node_count(build) == before)
		build->bytes.n = start;
	if (build->entries[entry].below)
		node_at(build, at)->below = entry;
	else
		node_at(build, at)->exact = entry;
}

static void url_add(struct text_build *build, uint32_t entry)
{
	struct str url = build->entries[entry].text;
	uint32_t start = (uint32_t)build->bytes.n;
	uint64_t hash = text_hash_start(build->seed, TEXT_URL);

	buf_str(&build->bytes, url);
	for (size_t i = url.n; i-- > 0;)
		hash = text_hash_byte(hash, (uint8_t)url.p[i]);

	struct node *node = node_at(build, node_find(build, hash_mix(hash), TEXT_URL, url, start));

	node->count++;
	node->exact = entry;
}

static enum err entries_read(struct text_build *build, size_t n, struct why *why)
{
	for (size_t i = 0; i < n; i++) {
		const struct snapshot_text *entry = &build->entries[i];
		size_t longest = entry->is_url ? TEXT_LENGTH_MAX : TEXT_NAME_MAX;

		if (entry->text.n == 0 || entry->text.n > longest)
			return fail(why, ERR_CORRUPT, "text of %zu bytes: %.*s", entry->text.n,
				STR_FMT(str_first(entry->text, 64)));
		if (build->bytes.n + entry->text.n > UINT32_MAX - SPARE_TEXT || i >= NONE)
			return fail(why, ERR_LIMIT, "too many names for one snapshot");
		if (entry->is_url)
			url_add(build, (uint32_t)i);
		else
			name_add(build, (uint32_t)i);
	}
	return OK;
}

struct table {
	struct region slots;
	struct region detail;
	struct region count;
	uint32_t size;
};

static void table_done(struct table *table)
{
	region_done(&table->slots);
	region_done(&table->detail);
	region_done(&table->count);
}

static uint64_t entry_detail(const struct snapshot_text *entry)
{
	return detail_pack(
		entry->detail.first_day, entry->detail.last_day, entry->detail.until_day, 0);
}

static bool node_place(struct text_build *build, const struct node *node, struct table *table)
{
	struct text_slot *slots = table->slots.p;
	uint32_t at = text_home(node->mixed, table->size);
	uint64_t *detail = table->detail.p;

	for (unsigned i = 0;
		atomic_load_explicit(&slots[at].fingerprint, memory_order_relaxed) != 0; i++) {
		if (i == PROBES_BUILT_MAX)
			return false;
		at = at + 1 == table->size ? 0 : at + 1;
	}
	slots[at].start = node->start;
	slots[at].length = node->length;
	slots[at].kind = node->kind;
	if (node->exact != NONE) {
		atomic_init(&slots[at].exact, build->entries[node->exact].verdict);
		detail[2 * (size_t)at] = entry_detail(&build->entries[node->exact]);
	}
	if (node->below != NONE) {
		atomic_init(&slots[at].below, build->entries[node->below].verdict);
		detail[2 * (size_t)at + 1] = entry_detail(&build->entries[node->below]);
	}
	((uint32_t *)table->count.p)[at] = node->count;
	atomic_init(&slots[at].fingerprint, text_fingerprint(node->mixed));
	return true;
}

static bool table_make(struct text_build *build, uint64_t size, struct table *table)
{
	*table = (struct table){ .slots = region_new(size * sizeof(struct text_slot)),
		.detail = region_new(size * 2 * sizeof(uint64_t)),
		.count = region_new(size * sizeof(uint32_t)),
		.size = (uint32_t)size };
	for (uint32_t i = 0; i < node_count(build); i++) {
		if (!node_place(build, node_at(build, i), table))
			return false;
	}
	return true;
}

static void build_done(struct text_build *build)
{
	buf_done(&build->nodes);
	buf_done(&build->bytes);
	free(build->index);
}

enum err write_texts(
	struct snapshot_writer *writer, const struct snapshot_input *input, struct why *why)
{
	CLEANUP(build_done)
	struct text_build build = { .entries = input->texts, .seed = writer->header.seed };
	CLEANUP(table_done) struct table table = { 0 };

	TRY(entries_read(&build, input->text_count, why));

	uint64_t size = SLOTS_MIN + 2 * (uint64_t)node_count(&build);

	while (size < TEXT_SLOT_LIMIT && !table_make(&build, size, &table)) {
		table_done(&table);
		size += size / 2;
	}
	if (size >= TEXT_SLOT_LIMIT)
		return fail(why, ERR_LIMIT, "too many names for one snapshot");
	writer->header.name_entries = input->text_count;
	writer->header.text_slots = node_count(&build);
	writer->header.text_bytes = build.bytes.n;
	memset(buf_reserve(&build.bytes, SPARE_TEXT), 0, SPARE_TEXT);
	TRY(writer_section(writer, SECTION_TEXT_SLOTS, table.slots.p, table.slots.bytes, why));
	TRY(writer_section(writer, SECTION_TEXT_DETAIL, table.detail.p, table.detail.bytes, why));
	TRY(writer_section(writer, SECTION_TEXT_COUNT, table.count.p, table.count.bytes, why));
	return writer_section(
		writer, SECTION_TEXT_BYTES, build.bytes.data, build.bytes.n + SPARE_TEXT, why);
}

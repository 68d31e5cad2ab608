/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/table.h"

#include "base/sort.h"

enum {
	KEY_V4 = 1, /* first bytes of keys, see indicator_key() */
	KEY_V6 = 2,
	KEY_HASH = 5,
	KEY_V4_LENGTH = 6,
	KEY_V6_LENGTH = 18,
	V4_GROUP_BYTES = 3, /* neighbourhoods that are kept or left out whole */
	V6_GROUP_BYTES = 6,
	V6_HOST_LENGTH = 64, /* IPv6 hosts are judged by their /64 (snapshot/compile.h) */
	ENTRIES_SPARE = 4 * LEARN_INDICATORS_MAX /* entries to come before they are merged again */
};

void table_init(struct table *table, int64_t at_s)
{
	*table = (struct table){ .at_s = at_s, .threshold = UINT64_MAX };
}

void table_done(struct table *table)
{
	arena_done(&table->keys);
	free(table->entries);
	free(table->claims);
	free(table->items);
	*table = (struct table){ 0 };
}

static uint64_t key_head(struct str key)
{
	uint64_t head = 0;

	for (size_t i = 0; i < sizeof head; i++)
		head = head << 8 | (i < key.n ? (uint8_t)key.p[i] : 0);
	return head;
}

/* FNV-1a, then stirred so that every bit counts (the end of splitmix64). */
static uint64_t hash_of(struct str bytes)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < bytes.n; i++)
		hash = (hash ^ (uint8_t)bytes.p[i]) * UINT64_C(0x100000001b3);
	hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
	return hash ^ (hash >> 31);
}

/* By neighbourhood; 0, which is always kept, for what holds whole neighbourhoods. */
static uint64_t sampling_hash(struct str key)
{
	uint8_t width = (uint8_t)key.p[key.n - 1];

	if (key.p[0] == KEY_V4)
		return width < 8 * V4_GROUP_BYTES ? 0 : hash_of(str_first(key, 1 + V4_GROUP_BYTES));
	if (key.p[0] == KEY_V6)
		return width < 8 * V6_GROUP_BYTES ? 0 : hash_of(str_first(key, 1 + V6_GROUP_BYTES));
	return hash_of(key);
}

static struct str entry_key(const struct table_entry *entry)
{
	return (struct str){ entry->key, entry->key_length };
}

static int entry_order(const void *left, const void *right)
{
	const struct table_entry *a = left;
	const struct table_entry *b = right;

	if (a->head != b->head)
		return a->head < b->head ? -1 : 1;
	return str_cmp(entry_key(a), entry_key(b));
}

/* Sorts the entries; equal keys become one, with a new number that claims then bear. */
static void merge_entries(struct table *table)
{
	uint32_t *renumbered = malloc((table->entry_count + 1) * sizeof *renumbered);
	size_t kept = 0;

	must(renumbered != NULL);
	sort_runs(table->entries, table->entry_count, sizeof *table->entries, entry_order);
	for (size_t i = 0; i < table->entry_count; i++) {
		struct table_entry entry = table->entries[i];

		if (kept == 0 || entry_order(&table->entries[kept - 1], &entry) != 0)
			table->entries[kept++] = entry;
		renumbered[entry.number] = (uint32_t)(kept - 1);
	}
	for (size_t i = 0; i < kept; i++)
		table->entries[i].number = (uint32_t)i;
	for (size_t i = 0; i < table->claim_count; i++)
		table->claims[i].item = renumbered[table->claims[i].item];
	table->entry_count = kept;
	free(renumbered);
}

/* Lets go of entries above the threshold and of their claims; numbers stay in order. */
static void leave_out(struct table *table)
{
	uint32_t *renumbered = malloc((table->entry_count + 1) * sizeof *renumbered);
	struct arena keys = { 0 };
	size_t kept = 0;
	size_t claims = 0;

	must(renumbered != NULL);
	for (size_t i = 0; i < table->entry_count; i++) {
		struct table_entry *entry = &table->entries[i];

		renumbered[i] = TABLE_NONE;
		if (sampling_hash(entry_key(entry)) > table->threshold)
			continue;
		renumbered[i] = (uint32_t)kept;
		entry->key = arena_str(&keys, entry_key(entry)).p;
		entry->number = (uint32_t)kept;
		table->entries[kept++] = *entry;
	}
	for (size_t i = 0; i < table->claim_count; i++) {
		struct table_claim claim = table->claims[i];

		claim.item = renumbered[claim.item];
		if (claim.item != TABLE_NONE)
			table->claims[claims++] = claim;
	}
	table->left_out += table->claim_count - claims;
	table->entry_count = kept;
	table->claim_count = claims;
	arena_done(&table->keys);
	table->keys = keys;
	free(renumbered);
}

/*
 * Merges, and halves the share that is kept until few enough are. The share is only ever halved
 * when those that it keeps are too many, of which more cannot become fewer: so it depends on what
 * was added alone.
 */
static void shrink(struct table *table)
{
	merge_entries(table);
	while (table->entry_count > LEARN_INDICATORS_MAX && table->threshold > 0) {
		table->threshold >>= 1;
		leave_out(table);
	}
	table->entries_before = table->entry_count;
}

static struct table_entry *entry_new(struct table *table, struct str key)
{
	if (table->entry_count - table->entries_before >= ENTRIES_SPARE)
		shrink(table);
	if (table->entry_count == table->entry_capacity) {
		table->entry_capacity = table->entry_capacity * 2 + 1024;
		table->entries =
			realloc(table->entries, table->entry_capacity * sizeof *table->entries);
		must(table->entries != NULL);
	}
	table->entries[table->entry_count] = (struct table_entry){ .head = key_head(key),
		.key = arena_str(&table->keys, key).p,
		.number = (uint32_t)table->entry_count,
		.key_length = (uint32_t)key.n };
	return &table->entries[table->entry_count++];
}

static struct table_claim *claim_new(struct table *table)
{
	must(table->claim_count < TABLE_NONE);
	if (table->claim_count == table->claim_capacity) {
		table->claim_capacity = table->claim_capacity * 2 + 1024;
		table->claims =
			realloc(table->claims, table->claim_capacity * sizeof *table->claims);
		must(table->claims != NULL);
	}
	return &table->claims[table->claim_count++];
}

static bool is_key(struct str key)
{
	uint8_t width = key.n == 0 ? 0 : (uint8_t)key.p[key.n - 1];

	if (key.n < 2 || key.n > INDICATOR_KEY_MAX)
		return false;
	if (key.p[0] == KEY_V4)
		return key.n == KEY_V4_LENGTH && width <= 32;
	if (key.p[0] == KEY_V6)
		return key.n == KEY_V6_LENGTH && width <= 128;
	return key.p[0] > KEY_V6 && key.p[0] <= KEY_HASH;
}

static int32_t relative(const struct table *table, int64_t time_s)
{
	int64_t since_s = time_s - table->at_s;

	return since_s < INT32_MIN ? INT32_MIN : since_s > INT32_MAX ? INT32_MAX : (int32_t)since_s;
}

void table_add(struct table *table, const struct learn_claim *claim)
{
	char host[KEY_V6_LENGTH];
	struct str key = claim->key;

	if (!is_key(key) || claim->role >= ROLE_COUNT || claim->category >= CATEGORY_COUNT)
		return;
	if (key.p[0] == KEY_V6 && (uint8_t)key.p[key.n - 1] > V6_HOST_LENGTH) {
		memcpy(host, key.p, sizeof host);
		memset(host + 1 + V6_HOST_LENGTH / 8, 0, 16 - V6_HOST_LENGTH / 8);
		host[KEY_V6_LENGTH - 1] = V6_HOST_LENGTH;
		key = str_from(host, sizeof host);
	}
	if (table->threshold != UINT64_MAX && sampling_hash(key) > table->threshold) {
		table->left_out++;
		return;
	}

	bool is_same = table->entry_count > 0 &&
		       str_eq(entry_key(&table->entries[table->entry_count - 1]), key);
	uint32_t item = is_same ? table->entries[table->entry_count - 1].number
				: entry_new(table, key)->number;

	*claim_new(table) = (struct table_claim){ .item = item,
		.source = claim->source,
		.recent = (float)claim->recent,
		.lasting = (float)claim->lasting,
		.decayed_s = relative(table, claim->decayed_at_s),
		.last_seen_s = relative(table, claim->last_seen_s),
		.began_s = relative(table, claim->began_s),
		.episodes = claim->episodes,
		.confidence = claim->confidence,
		.role = claim->role,
		.category = claim->category,
		.flags = (uint8_t)((claim->was_known ? CLAIM_KNOWN : 0) |
				   (claim->was_known && claim->was_listed ? CLAIM_LISTED : 0) |
				   (claim->is_news ? CLAIM_NEWS : 0)) };
}

static int number_order(double a, double b)
{
	return (a > b) - (a < b);
}

/* Claims of one source about hosts of one /64: any order will do, but one. */
static int claim_rest_order(const struct table_claim *a, const struct table_claim *b)
{
	const double pairs[][2] = {
		{ (double)a->recent, (double)b->recent },
		{ (double)a->lasting, (double)b->lasting },
		{ a->decayed_s, b->decayed_s },
		{ a->last_seen_s, b->last_seen_s },
		{ a->began_s, b->began_s },
		{ a->episodes, b->episodes },
		{ a->confidence, b->confidence },
		{ a->flags, b->flags },
	};
	int order = 0;

	for (size_t i = 0; i < ARRAY_LEN(pairs) && order == 0; i++)
		order = number_order(pairs[i][0], pairs[i][1]);
	return order;
}

static int claim_order(const void *left, const void *right)
{
	const struct table_claim *a = left;
	const struct table_claim *b = right;

	if (a->role != b->role)
		return a->role < b->role ? -1 : 1;
	if (a->source != b->source)
		return a->source < b->source ? -1 : 1;
	if (a->category != b->category)
		return a->category < b->category ? -1 : 1;
	return claim_rest_order(a, b);
}

enum { INSERTION_MAX = 24 };

static void sort_claims(struct table_claim *claims, size_t n)
{
	if (n > INSERTION_MAX) {
		sort_runs(claims, n, sizeof *claims, claim_order);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct table_claim claim = claims[i];
		size_t j = i;

		for (; j > 0 && claim_order(&claim, &claims[j - 1]) < 0; j--)
			claims[j] = claims[j - 1];
		claims[j] = claim;
	}
}

/* Puts claims behind each other by item: items are numbered in the order of their keys. */
static void bucket_claims(struct table *table)
{
	struct table_claim *sorted = calloc(table->claim_count + 1, sizeof *sorted);
	struct table_item *items = table->items;

	must(sorted != NULL);
	for (size_t i = 0; i < table->claim_count; i++)
		items[table->claims[i].item + 1].first++;
	for (size_t i = 0; i < table->item_count; i++)
		items[i + 1].first += items[i].first;
	for (size_t i = 0; i < table->claim_count; i++)
		sorted[items[table->claims[i].item].first++] = table->claims[i];
	/* each now stands where the next one begins */
	for (size_t i = table->item_count; i > 0; i--)
		items[i].first = items[i - 1].first;
	items[0].first = 0;
	for (size_t i = 0; i < table->item_count; i++)
		sort_claims(sorted + items[i].first, items[i + 1].first - items[i].first);
	free(table->claims);
	table->claims = sorted;
	table->claim_capacity = table->claim_count;
}

void table_prefix(struct str key, struct prefix *out)
{
	*out = (struct prefix){ .length = (uint8_t)key.p[key.n - 1] };
	if (key.p[0] == KEY_V6) {
		memcpy(out->address.bytes, key.p + 1, sizeof out->address.bytes);
		return;
	}
	memset(out->address.bytes + 10, 0xff, 2);
	memcpy(out->address.bytes + 12, key.p + 1, 4);
	out->length = (uint8_t)(out->length + IPV4_OFFSET);
}

void table_close(struct table *table)
{
	shrink(table);
	table->item_count = table->entry_count;
	table->items = calloc(table->item_count + 1, sizeof *table->items);
	must(table->items != NULL);
	for (size_t i = 0; i < table->item_count; i++) {
		struct str key = entry_key(&table->entries[i]);
		bool is_v4 = key.p[0] == KEY_V4;
		bool is_v6 = key.p[0] == KEY_V6;
		uint8_t width = (uint8_t)key.p[key.n - 1];

		table->items[i] = (struct table_item){ .key = key,
			.is_ip = is_v4 || is_v6,
			.is_wide = (is_v4 && width <= 8 * V4_GROUP_BYTES) ||
				   (is_v6 && width < V6_HOST_LENGTH),
			.group = { TABLE_NONE, TABLE_NONE } };
	}
	free(table->entries);
	table->entries = NULL;
	table->entry_count = 0;
	table->entry_capacity = 0;
	bucket_claims(table);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/oracle.h"

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
	(void)about;
	(void)kind;
	(void)where;
	return remove(path);
}

struct oracle *oracle_new(void)
{
	struct oracle *oracle = calloc(1, sizeof *oracle);
	static const uint16_t sources[] = { 0, 1 };

	must(oracle != NULL);
	oracle->verdicts = verdict_table_new();
	for (uint16_t i = 1; i <= ORACLE_VERDICTS; i++) {
		struct pehra_verdict verdict = { .categories = i, .score = { (uint8_t)(i % 101) } };

		must(verdict_table_intern(oracle->verdicts, &verdict, sources, i % 3) == i);
	}
	/* memory where there is some: a snapshot is synced, and disks of test machines are slow */
	must(str_to_c(access("/dev/shm", W_OK) == 0 ? STR("/dev/shm/pehra-test-XXXXXX")
						    : STR("/tmp/pehra-test-XXXXXX"),
		oracle->folder, sizeof oracle->folder));
	must(mkdtemp(oracle->folder) != NULL);
	must(snapshot_key_load_or_make(oracle->folder, &oracle->key, NULL) == OK);
	return oracle;
}

void oracle_free(struct oracle **oracle)
{
	if (*oracle == NULL)
		return;
	(void)nftw((*oracle)->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	verdict_table_free(&(*oracle)->verdicts);
	free(*oracle);
	*oracle = NULL;
}

static struct snapshot_detail random_detail(struct prop *prop)
{
	return (struct snapshot_detail){ (uint16_t)prop_u64(prop), (uint16_t)prop_u64(prop),
		(uint16_t)prop_u64(prop) };
}

static uint16_t random_verdict(struct prop *prop)
{
	return (uint16_t)(1 + prop_below(prop, ORACLE_VERDICTS));
}

struct snapshot_v4 oracle_random_v4(struct prop *prop)
{
	/* two crowded /20s at the edges of the space and of a /16, and everything else */
	static const uint32_t bases[] = { 0, 0xfffff000, 0x0a00f000, 0x0a010000 };
	uint32_t address = bases[prop_below(prop, ARRAY_LEN(bases))] |
			   (uint32_t)prop_below(prop, 1 << (prop_below(prop, 2) == 0 ? 12 : 8));
	uint8_t width = (uint8_t)(prop_below(prop, 3) == 0 ? prop_below(prop, 33)
							   : 20 + prop_below(prop, 13));

	if (prop_below(prop, 8) == 0)
		address = (uint32_t)prop_u64(prop);
	if (prop_below(prop, 3) == 0)
		width = 32;
	if (width < 32)
		address &= ~(UINT32_MAX >> width);
	return (struct snapshot_v4){ .address = address,
		.width = width,
		.verdict = random_verdict(prop),
		.detail = random_detail(prop) };
}

struct snapshot_v6 oracle_random_v6(struct prop *prop)
{
	static const uint64_t bases[] = { 0, UINT64_MAX << 8, UINT64_C(0x20010db800000000),
		UINT64_C(0x20010db7ffffff00), UINT64_C(0x20010db8ffffff00) };
	uint64_t high = bases[prop_below(prop, ARRAY_LEN(bases))] | prop_below(prop, 64);
	uint64_t low = prop_below(prop, 3) == 0   ? prop_below(prop, 16)
		       : prop_below(prop, 2) == 0 ? ~prop_below(prop, 16)
						  : prop_u64(prop);
	uint8_t length = (uint8_t)(prop_below(prop, 4) == 0 ? prop_below(prop, 129)
							    : 56 + prop_below(prop, 73));

	if (prop_below(prop, 8) == 0)
		high = prop_u64(prop);
	if (prop_below(prop, 3) == 0)
		length = prop_below(prop, 2) == 0 ? 64 : 128;
	if (length <= 64) {
		low = 0;
		high = length == 0 ? 0 : high & UINT64_MAX << (64 - length);
	} else if (length < 128) {
		low &= UINT64_MAX << (128 - length);
	}
	/* the place of IPv4 within IPv6 belongs to the other family */
	if (high == 0 && low >> 32 == 0xffff)
		low |= UINT64_C(1) << 63;
	return (struct snapshot_v6){ .high = high,
		.low = low,
		.length = length,
		.verdict = random_verdict(prop),
		.detail = random_detail(prop) };
}

struct snapshot_text oracle_random_text(struct prop *prop, char *text)
{
	static const char *const labels[] = { "a", "b", "mail", "xn--p1ai", "example", "com" };
	struct snapshot_text entry = { .is_url = prop_below(prop, 4) == 0,
		.verdict = random_verdict(prop),
		.detail = random_detail(prop) };
	size_t n = 1 + prop_below(prop, 4);
	int used = 0;

	for (size_t i = 0; i < n; i++)
		used += snprintf(text + used, ORACLE_NAME_MAX - (size_t)used, "%s%s",
			i == 0 ? "" : ".", labels[prop_below(prop, ARRAY_LEN(labels))]);
	if (prop_below(prop, 3) == 0)
		used += snprintf(text + used, ORACLE_NAME_MAX - (size_t)used, "%d",
			(int)prop_below(prop, 30));
	entry.text = str_from(text, (size_t)used);
	entry.below = !entry.is_url && prop_below(prop, 2) == 0;
	return entry;
}

static int v4_order(const struct snapshot_v4 *a, const struct snapshot_v4 *b)
{
	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->width - b->width;
}

static int v6_order(const struct snapshot_v6 *a, const struct snapshot_v6 *b)
{
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return a->length - b->length;
}

void oracle_put_v4(struct oracle *oracle, const struct snapshot_v4 *entry)
{
	size_t at = 0;
	struct snapshot_v4 *all = oracle->v4;

	while (at < oracle->v4_count && v4_order(&all[at], entry) < 0)
		at++;

	bool found = at < oracle->v4_count && v4_order(&all[at], entry) == 0;

	if (entry->verdict == 0) {
		if (found)
			memmove(&all[at], &all[at + 1], (--oracle->v4_count - at) * sizeof *all);
		return;
	}
	if (!found) {
		must(oracle->v4_count < ORACLE_ENTRIES_MAX);
		memmove(&all[at + 1], &all[at], (oracle->v4_count++ - at) * sizeof *all);
	}
	all[at] = *entry;
}

void oracle_put_v6(struct oracle *oracle, const struct snapshot_v6 *entry)
{
	size_t at = 0;
	struct snapshot_v6 *all = oracle->v6;

	while (at < oracle->v6_count && v6_order(&all[at], entry) < 0)
		at++;

	bool found = at < oracle->v6_count && v6_order(&all[at], entry) == 0;

	if (entry->verdict == 0) {
		if (found)
			memmove(&all[at], &all[at + 1], (--oracle->v6_count - at) * sizeof *all);
		return;
	}
	if (!found) {
		must(oracle->v6_count < ORACLE_ENTRIES_MAX);
		memmove(&all[at + 1], &all[at], (oracle->v6_count++ - at) * sizeof *all);
	}
	all[at] = *entry;
}

/* The text is copied; each entry keeps the bytes of its own place. */
void oracle_put_text(struct oracle *oracle, const struct snapshot_text *entry)
{
	size_t at = 0;
	struct snapshot_text *all = oracle->texts;

	while (at < oracle->text_count &&
		!(str_eq(all[at].text, entry->text) && all[at].is_url == entry->is_url &&
			all[at].below == entry->below))
		at++;
	if (entry->verdict == 0) {
		if (at == oracle->text_count)
			return;
		oracle->text_count--;
		memcpy(oracle->text_bytes[at], oracle->text_bytes[oracle->text_count],
			ORACLE_NAME_MAX);
		all[at] = all[oracle->text_count];
		all[at].text.p = oracle->text_bytes[at];
		return;
	}
	if (at == oracle->text_count)
		must(oracle->text_count++ < ORACLE_ENTRIES_MAX);
	memmove(oracle->text_bytes[at], entry->text.p, entry->text.n);
	all[at] = *entry;
	all[at].text.p = oracle->text_bytes[at];
}

void oracle_add_v4(struct oracle *oracle, struct prop *prop, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct snapshot_v4 entry = oracle_random_v4(prop);

		oracle_put_v4(oracle, &entry);
	}
}

void oracle_add_v6(struct oracle *oracle, struct prop *prop, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct snapshot_v6 entry = oracle_random_v6(prop);

		oracle_put_v6(oracle, &entry);
	}
}

void oracle_add_texts(struct oracle *oracle, struct prop *prop, size_t count)
{
	char text[ORACLE_NAME_MAX];

	for (size_t i = 0; i < count; i++) {
		struct snapshot_text entry = oracle_random_text(prop, text);

		oracle_put_text(oracle, &entry);
	}
}

static bool v4_covers(const struct snapshot_v4 *entry, uint32_t address)
{
	return entry->width == 0 || (entry->address ^ address) >> (32 - entry->width) == 0;
}

static bool v6_covers(const struct snapshot_v6 *entry, uint64_t high, uint64_t low)
{
	if (entry->length == 0)
		return true;
	if (entry->length <= 64)
		return (entry->high ^ high) >> (64 - entry->length) == 0;
	return entry->high == high && (entry->low ^ low) >> (128 - entry->length) == 0;
}

bool v4_within(const struct snapshot_v4 *inner, const struct snapshot_v4 *outer)
{
	return inner->width >= outer->width && v4_covers(outer, inner->address);
}

bool v6_within(const struct snapshot_v6 *inner, const struct snapshot_v6 *outer)
{
	return inner->length >= outer->length && v6_covers(outer, inner->high, inner->low);
}

const struct snapshot_v4 *oracle_v4(const struct oracle *oracle, uint32_t address, uint8_t limit)
{
	const struct snapshot_v4 *best = NULL;

	for (size_t i = 0; i < oracle->v4_count; i++) {
		const struct snapshot_v4 *entry = &oracle->v4[i];

		if (entry->width < limit && v4_covers(entry, address) &&
			(best == NULL || entry->width > best->width))
			best = entry;
	}
	return best;
}

const struct snapshot_v6 *oracle_v6(
	const struct oracle *oracle, uint64_t high, uint64_t low, uint8_t limit)
{
	const struct snapshot_v6 *best = NULL;

	for (size_t i = 0; i < oracle->v6_count; i++) {
		const struct snapshot_v6 *entry = &oracle->v6[i];

		if (entry->length < limit && v6_covers(entry, high, low) &&
			(best == NULL || entry->length > best->length))
			best = entry;
	}
	return best;
}

bool name_is_below(struct str name, struct str ancestor)
{
	return str_eq(name, ancestor) || (name.n > ancestor.n && str_ends(name, ancestor) &&
						 name.p[name.n - ancestor.n - 1] == '.');
}

const struct snapshot_text *oracle_name(const struct oracle *oracle, struct str name)
{
	const struct snapshot_text *best = NULL;

	for (size_t i = 0; i < oracle->text_count; i++) {
		const struct snapshot_text *entry = &oracle->texts[i];

		if (entry->is_url)
			continue;
		if (!entry->below && str_eq(entry->text, name))
			return entry;
		if (entry->below && name_is_below(name, entry->text) &&
			(best == NULL || entry->text.n > best->text.n))
			best = entry;
	}
	return best;
}

const struct snapshot_text *oracle_url(const struct oracle *oracle, struct str url)
{
	for (size_t i = 0; i < oracle->text_count; i++) {
		if (oracle->texts[i].is_url && str_eq(oracle->texts[i].text, url))
			return &oracle->texts[i];
	}
	return NULL;
}

void oracle_build(struct oracle *oracle)
{
	static const struct str sources[] = { STR_INIT("alpha"), STR_INIT("beta") };
	static const struct str categories[] = { STR_INIT("scanner"), STR_INIT(""),
		STR_INIT("tor") };
	struct why why = { 0 };
	struct snapshot_input input = { .v4 = oracle->v4,
		.v4_count = oracle->v4_count,
		.v6 = oracle->v6,
		.v6_count = oracle->v6_count,
		.texts = oracle->texts,
		.text_count = oracle->text_count,
		.verdicts = oracle->verdicts,
		.source_names = sources,
		.source_count = ARRAY_LEN(sources),
		.category_names = categories,
		.category_count = ARRAY_LEN(categories),
		.generation = ++oracle->generation,
		.created_s = 1790000000 };

	if (snapshot_build(&input, oracle->folder, &oracle->key, &why) != OK)
		fail_msg("build: %s", why.text);
}

struct pehra *oracle_open(const struct oracle *oracle, const char *file)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	struct pehra *snapshot;

	buf_fmt(&path, "%s/%s", oracle->folder, file);

	enum pehra_status status = pehra_open(buf_c(&path), PEHRA_OPEN_PLAIN, &snapshot);

	if (status != PEHRA_OK)
		fail_msg("open: %s", pehra_status_text(status));
	return snapshot;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/lookup.h"

#include "net/ip.h"

#include <math.h>
#include <zlib.h>

enum {
	HOSTS_PER_CLUSTER_MAX = 11,
	CIDR_PERCENT = 5,
	INVENTED_ROUTES = 200000,
	ZIPF_FLOWS = 1 << 20,
	ZIPF_LISTED_PERCENT = 10,
	LINE_MAX_BYTES = 128
};

const char *const stream_names[STREAM_KINDS] = { "random", "listed", "zipf" };

static void route_add(struct routed *routed, const struct prefix *prefix)
{
	uint64_t halves[2] = { 0, 0 };

	if (prefix_is_v4(prefix)) {
		struct snapshot_v4 route = { .address = ip_to_u32(&prefix->address),
			.width = prefix_width(prefix) };

		if (route.width >= 8 && route.width <= 24)
			buf_put(&routed->v4, &route, sizeof route);
		return;
	}
	for (size_t i = 0; i < 16; i++)
		halves[i / 8] = halves[i / 8] << 8 | prefix->address.bytes[i];

	struct snapshot_v6 route = { .high = halves[0], .length = prefix->length };

	if (route.length >= 16 && route.length <= 48)
		buf_put(&routed->v6, &route, sizeof route);
}

static void routes_read(struct routed *routed)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	const char *shared = getenv("PEHRA_SHARED");
	char line[LINE_MAX_BYTES];

	buf_fmt(&path, "%s/data/bgp/bart_internal__tests__testdata__prefixes.txt.gz",
		shared == NULL ? "../shared" : shared);

	gzFile file = gzopen(buf_c(&path), "r");

	if (file == NULL)
		return;
	while (gzgets(file, line, sizeof line) != NULL) {
		struct prefix prefix;

		if (prefix_parse(str_trim(str_c(line)), NULL, &prefix, NULL) == OK)
			route_add(routed, &prefix);
	}
	(void)gzclose(file);
	routed->is_real = routed->v4.n > 0 && routed->v6.n > 0;
}

static void routes_invent(struct routed *routed)
{
	struct prop prop = { 20 };

	for (size_t i = 0; i < INVENTED_ROUTES; i++) {
		struct snapshot_v4 v4 = { .width = (uint8_t)(14 + prop_below(&prop, 11)) };
		struct snapshot_v6 v6 = { .length = (uint8_t)(29 + prop_below(&prop, 20)) };

		v4.address = (uint32_t)(prop_u64(&prop) % 0xdf000000) & ~(UINT32_MAX >> v4.width);
		v6.high = (UINT64_C(1) << 61 | prop_u64(&prop) >> 3) & UINT64_MAX
									       << (64 - v6.length);
		buf_put(&routed->v4, &v4, sizeof v4);
		buf_put(&routed->v6, &v6, sizeof v6);
	}
}

void routed_load(struct routed *routed)
{
	uint64_t sum = 0;

	*routed = (struct routed){ 0 };
	routes_read(routed);
	if (!routed->is_real) {
		(void)fprintf(stderr, "no shared data: the routed space is invented\n");
		routes_invent(routed);
	}

	const struct snapshot_v4 *routes = (const void *)routed->v4.data;

	for (size_t i = 0; i < routed->v4.n / sizeof *routes; i++) {
		sum += UINT64_C(1) << (24 - routes[i].width);
		buf_put(&routed->v4_sums, &sum, sizeof sum);
	}
}

void routed_done(struct routed *routed)
{
	buf_done(&routed->v4);
	buf_done(&routed->v4_sums);
	buf_done(&routed->v6);
}

/* A /24 of the routed space, each with the same chance. */
static uint32_t routed_slash24(const struct routed *routed, struct prop *prop)
{
	const uint64_t *sums = (const void *)routed->v4_sums.data;
	const struct snapshot_v4 *routes = (const void *)routed->v4.data;
	size_t to = routed->v4_sums.n / sizeof *sums - 1;
	uint64_t at = prop_below(prop, sums[to]);
	size_t from = 0;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (sums[middle] <= at)
			from = middle + 1;
		else
			to = middle;
	}
	return (routes[from].address >> 8) + (uint32_t)(sums[from] - 1 - at);
}

static int v4_order(const void *a, const void *b)
{
	const struct snapshot_v4 *left = a;
	const struct snapshot_v4 *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	return left->width - right->width;
}

static uint16_t random_value(struct prop *prop)
{
	return (uint16_t)(1 + prop_below(prop, LOOKUP_VALUES));
}

static struct snapshot_v4 v4_entry(uint32_t address, uint8_t width, struct prop *prop)
{
	return (struct snapshot_v4){ .address = address & (UINT32_MAX << (32 - width)),
		.width = width,
		.verdict = random_value(prop),
		.detail = { 2000, 2500, 2530 } };
}

/* Sorts, keeps one of each, and returns how many are left. */
static size_t v4_settle(struct snapshot_v4 *list, size_t n)
{
	size_t kept = 0;

	qsort(list, n, sizeof *list, v4_order);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || v4_order(&list[kept - 1], &list[i]) != 0)
			list[kept++] = list[i];
	}
	return kept;
}

struct snapshot_v4 *list_v4(const struct routed *routed, size_t count, uint64_t seed)
{
	struct snapshot_v4 *list = calloc(count, sizeof *list);
	struct prop prop = { seed };
	size_t n = 0;

	must(list != NULL);
	while (n < count) {
		while (n < count) {
			uint32_t address = routed_slash24(routed, &prop) << 8;
			size_t hosts = 1 + prop_below(&prop, HOSTS_PER_CLUSTER_MAX);

			if (prop_below(&prop, 100 * 6) < CIDR_PERCENT * 6) {
				list[n++] = v4_entry(
					address, (uint8_t)(20 + prop_below(&prop, 5)), &prop);
				hosts = prop_below(&prop, 6) == 0 ? hosts : 0;
			}
			for (; hosts > 0 && n < count; hosts--)
				list[n++] = v4_entry(
					address | (uint32_t)prop_below(&prop, 256), 32, &prop);
		}
		n = v4_settle(list, n);
	}
	return list;
}

static int v6_order(const void *a, const void *b)
{
	const struct snapshot_v6 *left = a;
	const struct snapshot_v6 *right = b;

	if (left->high != right->high)
		return left->high < right->high ? -1 : 1;
	if (left->low != right->low)
		return left->low < right->low ? -1 : 1;
	return left->length - right->length;
}

static uint64_t routed_high(const struct routed *routed, struct prop *prop)
{
	const struct snapshot_v6 *routes = (const void *)routed->v6.data;
	const struct snapshot_v6 *route = &routes[prop_below(prop, routed->v6.n / sizeof *routes)];

	return route->high | prop_u64(prop) >> route->length;
}

static struct snapshot_v6 v6_entry(const struct routed *routed, uint8_t length, struct prop *prop)
{
	static const uint8_t mix[] = { 64, 64, 48, 128 };
	struct snapshot_v6 entry = { .high = routed_high(routed, prop),
		.low = prop_u64(prop),
		.length = length != 0 ? length : mix[prop_below(prop, ARRAY_LEN(mix))],
		.verdict = random_value(prop),
		.detail = { 2000, 2500, 2530 } };

	if (entry.length <= 64) {
		entry.low = 0;
		entry.high &= UINT64_MAX << (64 - entry.length);
	}
	return entry;
}

struct snapshot_v6 *list_v6(
	const struct routed *routed, size_t count, uint8_t length, uint64_t seed)
{
	struct snapshot_v6 *list = calloc(count, sizeof *list);
	struct prop prop = { seed };
	size_t n = 0;

	must(list != NULL);
	while (n < count) {
		size_t kept = 0;

		while (n < count)
			list[n++] = v6_entry(routed, length, &prop);
		qsort(list, n, sizeof *list, v6_order);
		for (size_t i = 0; i < n; i++) {
			if (kept == 0 || v6_order(&list[kept - 1], &list[i]) != 0)
				list[kept++] = list[i];
		}
		n = kept;
	}
	return list;
}

/* Ranks of a Zipf distribution with exponent 1, by the inverse of its continuous form. */
static size_t zipf_rank(struct prop *prop)
{
	double uniform = (double)(prop_u64(prop) >> 11) / (double)(UINT64_C(1) << 53);

	return (size_t)(exp(uniform * log((double)ZIPF_FLOWS)) - 0.999) % ZIPF_FLOWS;
}

static uint32_t v4_of(const struct snapshot_v4 *list, size_t count, bool listed, struct prop *prop)
{
	const struct snapshot_v4 *entry = &list[prop_below(prop, count)];
	uint32_t bits = (uint32_t)prop_u64(prop);

	if (!listed)
		return bits;
	return entry->width == 32 ? entry->address : entry->address | bits >> entry->width;
}

uint32_t *stream_v4(const struct snapshot_v4 *list, size_t count, enum stream_kind kind)
{
	uint32_t *stream = calloc(LOOKUP_STREAM, sizeof *stream);
	uint32_t *flows = calloc(ZIPF_FLOWS, sizeof *flows);
	struct prop prop = { 77 };

	must(stream != NULL && flows != NULL);
	for (size_t i = 0; i < ZIPF_FLOWS; i++)
		flows[i] = v4_of(list, count, prop_below(&prop, 100) < ZIPF_LISTED_PERCENT, &prop);
	for (size_t i = 0; i < LOOKUP_STREAM; i++)
		stream[i] = kind == STREAM_ZIPF ? flows[zipf_rank(&prop)]
						: v4_of(list, count, kind == STREAM_LISTED, &prop);
	free(flows);
	return stream;
}

static void v6_of(const struct snapshot_v6 *list, size_t count, bool listed, struct prop *prop,
	uint8_t out[16])
{
	const struct snapshot_v6 *entry = &list[prop_below(prop, count)];
	uint64_t high = prop_u64(prop);
	uint64_t low = prop_u64(prop);

	if (!listed) {
		high = UINT64_C(1) << 61 | high >> 3; /* 2000::/3 */
	} else {
		high = entry->length >= 64 ? entry->high : entry->high | high >> entry->length;
		low = entry->length == 128 ? entry->low : low;
	}
	for (unsigned i = 0; i < 8; i++) {
		out[i] = (uint8_t)(high >> (56 - 8 * i));
		out[8 + i] = (uint8_t)(low >> (56 - 8 * i));
	}
}

uint8_t (*stream_v6(const struct snapshot_v6 *list, size_t count, enum stream_kind kind))[16]
{
	uint8_t(*stream)[16] = calloc(LOOKUP_STREAM, sizeof *stream);
	uint8_t(*flows)[16] = calloc(ZIPF_FLOWS, sizeof *flows);
	struct prop prop = { 78 };

	must(stream != NULL && flows != NULL);
	for (size_t i = 0; i < ZIPF_FLOWS; i++)
		v6_of(list, count, prop_below(&prop, 100) < ZIPF_LISTED_PERCENT, &prop, flows[i]);
	for (size_t i = 0; i < LOOKUP_STREAM; i++) {
		if (kind == STREAM_ZIPF)
			memcpy(stream[i], flows[zipf_rank(&prop)], sizeof stream[i]);
		else
			v6_of(list, count, kind == STREAM_LISTED, &prop, stream[i]);
	}
	free(flows);
	return stream;
}

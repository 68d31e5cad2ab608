/* SPDX-License-Identifier: MIT */
/* Look-ups of IPv4 addresses. */
#include "reader.h"

#include "simd.h"

/* wide enough that the ends of loops, which are mispredicted, weigh little */
enum { BATCH = 256 };

static inline int v4_filter_has(const struct pehra *s, uint32_t slash24)
{
	return (LOAD_ACQUIRE(&s->v4_filter[slash24 >> 6]) >> (slash24 & 63) & 1) != 0;
}

#ifdef PEHRA_SSE2
/* A bit per slot whose residual, under the mask, is key. */
static inline uint32_t slots_masked(const struct v4_line *line, uint16_t mask, uint16_t key)
{
	const char *at = (const char *)line;
	__m128i masks = _mm_set1_epi16((short)mask);
	__m128i keys = _mm_set1_epi16((short)key);
	/* the first load takes in half of the header, which is shifted out */
	__m128i low = _mm_and_si128(_mm_loadu_si128((const __m128i *)(at + 2)), masks);
	__m128i high = _mm_and_si128(_mm_loadu_si128((const __m128i *)(at + 18)), masks);
	__m128i both = _mm_packs_epi16(_mm_cmpeq_epi16(low, keys), _mm_cmpeq_epi16(high, keys));

	return (uint32_t)_mm_movemask_epi8(both) >> 1;
}
#endif

/* Host slots are the first ones of a line. */
static inline uint32_t slots_of_host(const struct v4_line *line, uint32_t header, uint16_t key)
{
	uint32_t hosts = v4_header_hosts(header);
#ifdef PEHRA_SSE2
	return slots_masked(line, 0xffff, key) & ((UINT32_C(1) << hosts) - 1);
#else
	uint32_t found = 0;

	for (unsigned i = 0; i < hosts; i++)
		found |= (uint32_t)(line->residual[i] == key) << i;
	return found;
#endif
}

/* Slots of whole /24s are the last ones of a line: at most a cover and a page for each /24. */
static inline uint32_t slots_of_whole(const struct v4_line *line, uint32_t header, uint16_t key)
{
	uint32_t wholes = v4_header_wholes(header);
#ifdef PEHRA_SSE2
	return slots_masked(line, 0xff00, key & 0xff00) & (UINT32_C(0x7fff) & ~(0x7fffU >> wholes));
#else
	uint32_t found = 0;

	for (unsigned i = V4_LINE_SLOTS - wholes; i < V4_LINE_SLOTS; i++)
		found |= (uint32_t)((line->residual[i] ^ key) >> 8 == 0) << i;
	return found;
#endif
}

static inline uint16_t v4_key(uint32_t permuted, uint32_t address)
{
	return (uint16_t)((permuted & 0xff) << 8 | (address & 0xff));
}

/* The id of the address's own slot in this line, 0 when it has none. */
static inline pehra_id host_id(
	const struct v4_line *line, uint32_t header, uint16_t key, unsigned *slot)
{
	uint32_t found = slots_of_host(line, header, key);

	if (found == 0)
		return 0;
	*slot = (unsigned)__builtin_ctz(found);
	return LOAD_ACQUIRE(&line->id[*slot]);
}

static inline struct pehra_spot short_spot(const struct pehra *s, uint32_t address)
{
	uint32_t slash16 = address >> 16;
	pehra_id id = LOAD_ACQUIRE(&s->v4_short[slash16]);

	if (id != SNAPSHOT_ID_DEEPER)
		return (struct pehra_spot){ id, &s->v4_short_detail[slash16], 0 };

	uint64_t mid = LOAD_ACQUIRE(&s->v4_mid_index[slash16]);

	if (mid >= s->v4_mid_count)
		return (struct pehra_spot){ 0, NULL, 0 };

	uint64_t at = mid * V4_PAGE_IDS + (address >> 8 & 0xff);

	return (struct pehra_spot){ LOAD_ACQUIRE(&s->v4_mids[at]), &s->v4_mid_detail[at], 0 };
}

/* What the slots of the whole /24 in one line say: a cover, a page, or both. */
struct wholes {
	struct pehra_spot cover;
	uint64_t page; /* UINT64_MAX: none */
};

static inline void wholes_read(
	const struct pehra *s, uint64_t number, uint32_t header, uint16_t key, struct wholes *out)
{
	const struct v4_line *line = &s->v4_lines[number];

	for (uint32_t found = slots_of_whole(line, header, key); found != 0; found &= found - 1) {
		unsigned slot = (unsigned)__builtin_ctz(found);
		uint16_t residual = line->residual[slot];
		pehra_id id = LOAD_ACQUIRE(&line->id[slot]);

		if ((residual & 0xff) != 0)
			out->page = v4_slot_page(residual, id);
		else
			out->cover = (struct pehra_spot){ id,
				&s->v4_line_detail[number * V4_LINE_SLOTS + slot], 0 };
	}
}

/* Everything from the home line on: own slot, page, cover, short level. */
static inline struct pehra_spot walk(const struct pehra *s, uint32_t address)
{
	uint32_t permuted = v4_permute(address >> 8, s->v4_multiplier);
	uint16_t key = v4_key(permuted, address);
	uint64_t number = v4_home(permuted, s->v4_homes);
	struct wholes wholes = { { 0, NULL, 0 }, UINT64_MAX };

	for (unsigned i = 0; i < V4_CHAIN_MAX && number < s->v4_line_count; i++) {
		const struct v4_line *line = &s->v4_lines[number];
		uint32_t header = LOAD_ACQUIRE(&line->header);
		unsigned slot = 0;
		pehra_id id = host_id(line, header, key, &slot);

		if (id != 0)
			return (struct pehra_spot){ id,
				&s->v4_line_detail[number * V4_LINE_SLOTS + slot], 0 };
		if (v4_header_wholes(header) != 0)
			wholes_read(s, number, header, key, &wholes);
		if (v4_header_next(header) == 0)
			break;
		number = s->v4_homes + v4_header_next(header) - 1;
	}
	if (wholes.page < s->v4_page_count) {
		uint64_t at = wholes.page * V4_PAGE_IDS + (address & 0xff);
		pehra_id id = LOAD_ACQUIRE(&s->v4_pages[at]);

		if (id != 0)
			return (struct pehra_spot){ id, &s->v4_page_detail[at], 0 };
	}
	return wholes.cover.id != 0 ? wholes.cover : short_spot(s, address);
}

/* As walk(), for the id alone, which may not be a mixture of two changes. */
static pehra_id walk_id(const struct pehra *s, uint32_t address)
{
	pehra_id id = 0;

	for (unsigned i = 0; i < PEHRA_TRIES; i++) {
		uint32_t turn = turn_now(s);

		id = walk(s, address).id;
		if (!turn_passed(s, turn))
			break;
	}
	return id;
}

struct pehra_spot pehra_v4_spot(const struct pehra *s, uint32_t address)
{
	if (!v4_filter_has(s, address >> 8))
		return (struct pehra_spot){ 0, NULL, 0 };
	return walk(s, address);
}

pehra_id pehra_ipv4(const struct pehra *snapshot, uint32_t address)
{
	const struct pehra *s = snapshot;

	if (!v4_filter_has(s, address >> 8))
		return 0;

	uint32_t permuted = v4_permute(address >> 8, s->v4_multiplier);
	const struct v4_line *line = &s->v4_lines[v4_home(permuted, s->v4_homes)];
	unsigned slot;
	pehra_id id = host_id(line, LOAD_ACQUIRE(&line->header), v4_key(permuted, address), &slot);

	return id != 0 ? id : walk_id(s, address);
}

/* A second round for what its home line did not answer; the line is in the cache by then. */
static void batch_rest(const struct pehra *s, const uint32_t *addresses, pehra_id *ids,
	const uint32_t *pending, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		ids[pending[i]] = walk_id(s, addresses[pending[i]]);
}

/* Home lines of the listed ones, which were asked for before. */
static void batch_lines(const struct pehra *s, const uint32_t *addresses, pehra_id *ids,
	uint32_t *pending, const uint32_t *permuted, unsigned n)
{
	const struct v4_line *lines = s->v4_lines;
	uint32_t homes = s->v4_homes;
	unsigned rest = 0;

	for (unsigned i = 0; i < n; i++) {
		uint32_t which = pending[i];
		const struct v4_line *line = &lines[v4_home(permuted[i], homes)];
		uint32_t header = LOAD_ACQUIRE(&line->header);
		uint32_t next = v4_header_next(header);
		unsigned slot;
		pehra_id id = host_id(line, header, v4_key(permuted[i], addresses[which]), &slot);

		ids[which] = id;
		if (id != 0)
			continue;
		pending[rest++] = which;
		if (next != 0)
			prefetch(&lines[homes + next - 1]);
	}
	batch_rest(s, addresses, ids, pending, rest);
}

static void batch(const struct pehra *s, const uint32_t *addresses, pehra_id *ids, unsigned n)
{
	uint32_t pending[BATCH];
	uint32_t permuted[BATCH];
	unsigned listed = 0;

	for (unsigned i = 0; i < n; i++) {
		ids[i] = 0;
		if (!v4_filter_has(s, addresses[i] >> 8))
			continue;
		pending[listed] = i;
		permuted[listed] = v4_permute(addresses[i] >> 8, s->v4_multiplier);
		prefetch(&s->v4_lines[v4_home(permuted[listed++], s->v4_homes)]);
	}
	batch_lines(s, addresses, ids, pending, permuted, listed);
}

void pehra_ipv4_batch(
	const struct pehra *snapshot, const uint32_t *addresses, pehra_id *ids, size_t n)
{
	while (n > 0) {
		unsigned now = n < BATCH ? (unsigned)n : BATCH;

		batch(snapshot, addresses, ids, now);
		addresses += now;
		ids += now;
		n -= now;
	}
}

static int any_host_in_line(const struct v4_line *line, uint32_t header, uint16_t key)
{
	for (unsigned i = 0; i < v4_header_hosts(header) && i < V4_LINE_SLOTS; i++) {
		if ((line->residual[i] ^ key) >> 8 == 0 && LOAD_ACQUIRE(&line->id[i]) != 0)
			return 1;
	}
	return 0;
}

/* Hosts of the /24 that have slots or a page; what covers it whole is seen by any look-up. */
static int any_host(const struct pehra *s, uint32_t slash24)
{
	uint32_t permuted = v4_permute(slash24, s->v4_multiplier);
	uint16_t key = v4_key(permuted, 0);
	uint64_t number = v4_home(permuted, s->v4_homes);
	struct wholes wholes = { { 0, NULL, 0 }, UINT64_MAX };

	for (unsigned i = 0; i < V4_CHAIN_MAX && number < s->v4_line_count; i++) {
		const struct v4_line *line = &s->v4_lines[number];
		uint32_t header = LOAD_ACQUIRE(&line->header);

		if (any_host_in_line(line, header, key))
			return 1;
		wholes_read(s, number, header, key, &wholes);
		if (v4_header_next(header) == 0)
			break;
		number = s->v4_homes + v4_header_next(header) - 1;
	}
	if (wholes.page >= s->v4_page_count)
		return 0;
	for (unsigned host = 0; host < V4_PAGE_IDS; host++) {
		if (LOAD_ACQUIRE(&s->v4_pages[wholes.page * V4_PAGE_IDS + host]) != 0)
			return 1;
	}
	return 0;
}

/* The filter may keep a bit after the last entry of a /24 was taken out, so it is looked at. */
static int any_in_slash24(const struct pehra *s, uint32_t slash24)
{
	return pehra_v4_spot(s, slash24 << 8).id != 0 || any_host(s, slash24);
}

static int any_in_range(const struct pehra *s, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (pehra_v4_spot(s, first + i).id != 0)
			return 1;
	}
	return 0;
}

int pehra_v4_any_within(const struct pehra *s, uint32_t address, unsigned width)
{
	if (width > 24) {
		uint32_t count = UINT32_C(1) << (32 - width);

		return any_in_range(s, address & ~(count - 1), count);
	}

	uint32_t first = address >> 8 & ~((UINT32_C(1) << (24 - width)) - 1);
	uint32_t end = first + (UINT32_C(1) << (24 - width));

	for (uint32_t slash24 = first; slash24 < end;) {
		uint64_t word = LOAD_ACQUIRE(&s->v4_filter[slash24 >> 6]) >> (slash24 & 63);

		if (word == 0) {
			slash24 = (slash24 | 63) + 1;
			continue;
		}
		slash24 += (uint32_t)__builtin_ctzll(word);
		if (slash24 < end && any_in_slash24(s, slash24))
			return 1;
		slash24++;
	}
	return 0;
}

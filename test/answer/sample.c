/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/sample.h"

#include "base/arena.h"
#include "evidence/taxonomy.h"
#include "net/ip.h"
#include "snapshot/build.h"

enum { FIRST_DAY = 2400, LAST_DAY = 2490, CREATED_S = 1793836800, SLACK = 2 };

struct sample {
	struct arena arena;
	struct snapshot_v4 *v4;
	struct snapshot_v6 *v6;
	struct snapshot_text *texts;
	size_t v4_count;
	size_t v6_count;
	size_t text_count;
	struct verdict_table *verdicts;
};

static uint64_t number(struct str word, uint64_t otherwise)
{
	uint64_t value = otherwise;

	must(word.n == 0 || parse_u64(word, &value));
	return value;
}

static uint64_t categories_of(struct str words)
{
	uint64_t categories = 0;

	while (words.p != NULL) {
		enum category category;

		must(category_parse(str_split(&words, ','), &category));
		categories |= UINT64_C(1) << category;
	}
	return categories;
}

static void add_line(struct sample *sample, struct str line)
{
	struct str words[7] = { { NULL, 0 } };
	struct pehra_verdict verdict = { 0 };
	struct snapshot_detail detail = { FIRST_DAY, LAST_DAY, 0 };
	struct prefix prefix;
	uint16_t id;

	for (size_t i = 0; i < ARRAY_LEN(words) && str_next_word(&line, &words[i]); i++)
		;
	if (words[0].n == 0)
		return;
	verdict.categories = categories_of(words[1].n == 0 ? STR("scanner") : words[1]);
	verdict.score[PEHRA_SOURCE] = (uint8_t)number(words[2], 90);
	verdict.score[PEHRA_DESTINATION] = (uint8_t)number(words[3], 0);
	verdict.score[PEHRA_POLICY] = (uint8_t)number(words[4], 0);
	verdict.action = (uint8_t)number(words[5], PEHRA_BLOCK);
	detail.until_day = (uint16_t)number(words[6], 0);
	id = verdict_table_intern(sample->verdicts, &verdict, NULL, 0);
	if (prefix_parse(words[0], NULL, &prefix, NULL) != OK) {
		bool is_below = str_starts(words[0], STR("*."));

		sample->texts[sample->text_count++] =
			(struct snapshot_text){ .text = str_from_index(words[0], is_below ? 2 : 0),
				.below = is_below,
				.verdict = id,
				.detail = detail };
	} else if (prefix_is_v4(&prefix)) {
		sample->v4[sample->v4_count++] =
			(struct snapshot_v4){ .address = ip_to_u32(&prefix.address),
				.width = prefix_width(&prefix),
				.verdict = id,
				.detail = detail };
	} else {
		struct snapshot_v6 *v6 = &sample->v6[sample->v6_count++];

		*v6 = (struct snapshot_v6){
			.length = prefix.length, .verdict = id, .detail = detail
		};
		for (size_t i = 0; i < 8; i++) {
			v6->high = v6->high << 8 | prefix.address.bytes[i];
			v6->low = v6->low << 8 | prefix.address.bytes[8 + i];
		}
	}
}

static int order_v4(const void *a, const void *b)
{
	const struct snapshot_v4 *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (int)x->width - (int)y->width;
}

static int order_v6(const void *a, const void *b)
{
	const struct snapshot_v6 *x = a, *y = b;

	if (x->high != y->high)
		return x->high < y->high ? -1 : 1;
	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return (int)x->length - (int)y->length;
}

size_t sample_build(const char *folder, struct str lines, uint64_t generation)
{
	struct sample sample = { .verdicts = verdict_table_new() };
	struct str names[CATEGORY_COUNT] = { { NULL, 0 } };
	struct snapshot_key key;
	struct why why = { 0 };
	struct str line;
	size_t count = SLACK;

	for (size_t i = 0; i < lines.n; i++)
		count += lines.p[i] == '\n';
	sample.v4 = arena_array(&sample.arena, count, sizeof *sample.v4);
	sample.v6 = arena_array(&sample.arena, count, sizeof *sample.v6);
	sample.texts = arena_array(&sample.arena, count, sizeof *sample.texts);
	while (str_next_line(&lines, &line))
		add_line(&sample, line);
	qsort(sample.v4, sample.v4_count, sizeof *sample.v4, order_v4);
	qsort(sample.v6, sample.v6_count, sizeof *sample.v6, order_v6);
	for (unsigned i = 0; i < CATEGORY_COUNT; i++)
		names[i] = category_info(i) == NULL ? STR("") : category_info(i)->name;

	struct snapshot_input input = { .v4 = sample.v4,
		.v4_count = sample.v4_count,
		.v6 = sample.v6,
		.v6_count = sample.v6_count,
		.texts = sample.texts,
		.text_count = sample.text_count,
		.verdicts = sample.verdicts,
		.category_names = names,
		.category_count = CATEGORY_COUNT,
		.generation = generation,
		.created_s = CREATED_S };

	if (snapshot_key_load_or_make(folder, &key, &why) != OK ||
		snapshot_build(&input, folder, &key, &why) != OK) {
		fprintf(stderr, "%s\n", why.text);
		exit(1);
	}
	verdict_table_free(&sample.verdicts);
	arena_done(&sample.arena);
	return sample.v4_count + sample.v6_count + sample.text_count;
}

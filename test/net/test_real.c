/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Real lists: which names and URLs are refused, and for which reasons. PEHRA_SHARED names the
 * folder of the data (a sibling of the source root without it); exit 77 when it is not there.
 */
#include "prop.h"

#include "base/io.h"
#include "base/map.h"
#include "net/name.h"
#include "net/url.h"

#include <unistd.h>

enum { LIST_BYTES_MAX = 8 << 20, SKIPPED = 77, REASONS = 4 };

static const char *shared_folder(void)
{
	const char *folder = getenv("PEHRA_SHARED");

	return folder != NULL ? folder : PEHRA_SOURCE_ROOT "/../shared";
}

static const struct {
	const char *file;
	bool urls;
	size_t column; /* of the words of a line */
	uint64_t accepted;
	struct {
		const char *reason;
		uint64_t n;
	} refused[REASONS];
} lists[] = {
	{ "tweetfeed_domains.txt", false, 0, 4873, { { "more than 253 bytes", 2 } } },
	{ "tweetfeed_hosts.txt", false, 1, 4873, { { "more than 253 bytes", 2 } } },
	{ "tweetfeed_urls.txt", true, 0, 5493,
		{ { "in the host of the URL, more than 253 bytes", 2 } } },
	{ "disposable_email_blocklist.conf", false, 0, 8335, { { NULL, 0 } } },
	{ "hostsvn_extensions__threat__domain.txt", false, 0, 4966, { { NULL, 0 } } },
	{ "stalker_quad9_blocklist.txt", false, 0, 966,
		{ { "a URL or path, not a name", 2 }, { "an address, not a name", 1 } } },
};

/* Takes one indicator; counts its reason when it is refused. */
static bool is_accepted(struct str text, bool is_url, struct map *refused)
{
	CLEANUP(buf_done) struct buf canonical = { 0 };
	struct why why = { 0 };
	struct name name;
	struct url url;
	enum err err = is_url ? url_parse(text, NULL, &canonical, &url, &why)
			      : name_parse(text, NULL, &name, &why);
	struct str reason = str_first(str_c(why.text), str_find(str_c(why.text), ':'));

	if (err != OK)
		*map_add(refused, reason, NULL) += 1;
	return err == OK;
}

static void test_list(size_t i)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(map_done) struct map refused = { 0 };
	struct why why = { 0 };
	struct str rest;
	struct str line;
	struct str word;
	uint64_t accepted = 0;
	size_t reasons = 0;

	buf_fmt(&path, "%s/data/domain/%s", shared_folder(), lists[i].file);
	if (file_read(buf_c(&path), LIST_BYTES_MAX, &text, &why) != OK)
		fail_msg("%s", why.text);
	rest = buf_view(&text);
	while (str_next_line(&rest, &line)) {
		if (str_starts(line, STR("#")))
			continue;
		for (size_t column = 0; column <= lists[i].column; column++)
			(void)str_next_word(&line, &word);
		if (word.n > 0)
			accepted += is_accepted(word, lists[i].urls, &refused) ? 1 : 0;
	}
	if (accepted != lists[i].accepted)
		fail_msg("%s: %llu are accepted", lists[i].file, (unsigned long long)accepted);
	for (; reasons < REASONS && lists[i].refused[reasons].reason != NULL; reasons++) {
		const uint64_t *n = map_get(&refused, str_c(lists[i].refused[reasons].reason));

		if (n == NULL || *n != lists[i].refused[reasons].n)
			fail_msg("%s: %llu times '%s'", lists[i].file,
				(unsigned long long)(n == NULL ? 0 : *n),
				lists[i].refused[reasons].reason);
	}
	assert_int_equal(refused.n, reasons);
}

static void test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		test_list(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_lists) };

	if (access(shared_folder(), R_OK) == -1) {
		(void)puts("SKIP: no shared data");
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

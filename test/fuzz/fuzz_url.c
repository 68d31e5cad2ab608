/* SPDX-License-Identifier: GPL-3.0-or-later */
/* URLs: what comes out is canonical and comes out of itself again, in parts that make it up. */
#include "fuzz/fuzz.h"

#include "net/url.h"

static void check(struct str text, const struct url_rules *rules)
{
	CLEANUP(buf_done) struct buf first = { 0 };
	CLEANUP(buf_done) struct buf second = { 0 };
	struct url url;
	struct url again;
	struct why why = { 0 };

	if (url_parse(text, rules, &first, &url, &why) != OK) {
		must(why.text[0] != '\0');
		return;
	}
	must(url.text.n <= URL_LENGTH_MAX && url.host.n > 0 && url.port != 0);
	must(url.path.n > 0 && url.path.p[0] == '/');
	must(str_starts(url.text, url.scheme));
	for (size_t i = 0; i < url.text.n; i++)
		must(url.text.p[i] > ' ' && url.text.p[i] < 0x7f);
	must(url_parse(url.text, rules, &second, &again, NULL) == OK);
	must(str_eq(url.text, again.text) && str_eq(url.host, again.host));
	must(url.port == again.port && url.host_is_ip == again.host_is_ip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct url_rules lax = { .allow_defanged = true,
		.allow_schemeless = true,
		.drop_userinfo = true,
		.allow_single_host = true };
	struct str text = str_from((const char *)data, size);

	check(text, NULL);
	check(text, &lax);
	return 0;
}

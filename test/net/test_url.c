/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "net/url.h"

#include <curl/curl.h>

static const struct url_rules strict = { 0 };
static const struct url_rules lax = { .allow_defanged = true,
	.allow_schemeless = true,
	.drop_userinfo = true,
	.allow_single_host = true };

/* What a spelling becomes, or how the reason for which it is refused begins. */
static const struct {
	const char *input;
	const struct url_rules *rules;
	const char *url;
	const char *reason;
} spellings[] = {
	{ "http://example.org", NULL, "http://example.org/", NULL },
	{ "HTTP://WWW.Example.ORG:80/A/./b/../c?x=%7e#frag", &strict,
		"http://www.example.org/A/c?x=~", NULL },
	{ "https://example.org:443", &strict, "https://example.org/", NULL },
	{ "https://example.org:0443/", &strict, "https://example.org/", NULL },
	{ "http://example.org:", &strict, "http://example.org/", NULL },
	{ "ftp://example.org:80/", &strict, "ftp://example.org:80/", NULL },
	{ "http://m\xc3\xbcnchen.example/\xc3\xbc", &strict, "http://xn--mnchen-3ya.example/%C3%BC",
		NULL },
	{ "http://ex%41mple.org/", &strict, "http://example.org/", NULL },
	{ "http://192.0.2.7:8080/a", &strict, "http://192.0.2.7:8080/a", NULL },
	{ "http://[2001:DB8::0:1]/", &strict, "http://[2001:db8::1]/", NULL },
	{ "http://[::ffff:192.0.2.1]/", &strict, "http://192.0.2.1/", NULL },
	{ "http://example.org/%2e%2E/a/%2f/b%", &strict, "http://example.org/a/%2F/b%25", NULL },
	{ "http://example.org//a//", &strict, "http://example.org//a//", NULL },
	{ "http://example.org/a/..", &strict, "http://example.org/", NULL },
	{ "http://example.org/a/.", &strict, "http://example.org/a/", NULL },
	{ "http://example.org/../../a", &strict, "http://example.org/a", NULL },
	{ "http://example.org/...", &strict, "http://example.org/...", NULL },
	{ "http://example.org?a[]=1|2", &strict, "http://example.org/?a%5B%5D=1%7C2", NULL },
	{ "http://example.org/?u=http://a/../b", &strict, "http://example.org/?u=http://a/../b",
		NULL },
	{ "http://example.org/?", &strict, "http://example.org/?", NULL },
	{ "hxxps://example[.]org/a", &lax, "https://example.org/a", NULL },
	{ "hxxp[://]example(.)org[:]81", &lax, "http://example.org:81/", NULL },
	{ "fxp://example.org/", &lax, "ftp://example.org/", NULL },
	{ "example.org/a", &lax, "http://example.org/a", NULL },
	{ "example.org:8080", &lax, "http://example.org:8080/", NULL },
	{ "example.org/?u=http://example.com/", &lax, "http://example.org/?u=http://example.com/",
		NULL },
	{ "http://user:pw@example.org/", &lax, "http://example.org/", NULL },
	{ "http://localhost/", &lax, "http://localhost/", NULL },
	{ "", &strict, NULL, "an empty URL" },
	{ "http://www..example.com/phishing", &strict, NULL,
		"in the host of the URL, an empty label" },
	{ "http:///a", &strict, NULL, "no host in the URL" },
	{ "http://", &strict, NULL, "no host in the URL" },
	{ "http://:80/", &strict, NULL, "no host in the URL" },
	{ "http://localhost/", &strict, NULL,
		"in the host of the URL, a single label is not a full name" },
	{ "http://user@example.org/", &strict, NULL, "a user name in the URL" },
	{ "http://example.org:99999/", &strict, NULL, "not a port from 1 to 65535" },
	{ "http://example.org:0/", &strict, NULL, "not a port from 1 to 65535" },
	{ "http://example.org:8a/", &strict, NULL, "not a port from 1 to 65535" },
	{ "http://[2001:db8::1/", &strict, NULL, "no IPv6 address in the brackets" },
	{ "http://[", &strict, NULL, "no IPv6 address in the brackets" },
	{ "http://[192.0.2.1]/", &strict, NULL, "no IPv6 address in the brackets" },
	{ "http://[fe80::1%25eth0]/", &strict, NULL, "no IPv6 address in the brackets" },
	{ "http://2130706433/", &strict, NULL,
		"in the host of the URL, the last label is a number" },
	{ "http://192.0.2.061/", &strict, NULL, "in the host of the URL, an address, not a name" },
	{ "http://*.example.org/", &strict, NULL,
		"in the host of the URL, a wildcard where one name is needed" },
	{ "http://exa mple.org/", &strict, NULL, "in the host of the URL, white space in a name" },
	{ "http://example.org/a\nb", &strict, NULL, "a control character in a URL" },
	{ "example.org/a", &strict, NULL, "no scheme (http" },
	{ "/path/only", &strict, NULL, "no scheme (http" },
	{ "/path/only", &lax, NULL, "no host in the URL" },
	{ "gopher://example.org/", &strict, NULL, "not a scheme of http, https, ftp" },
	{ "hxxp://example.org/", &strict, NULL, "not a scheme of http, https, ftp" },
};

static void test_spellings(void **state)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
		struct why why = { 0 };
		struct url url;
		enum err err =
			url_parse(str_c(spellings[i].input), spellings[i].rules, &text, &url, &why);
		struct str reason = str_first(str_c(why.text), str_find(str_c(why.text), ':'));

		if ((err == OK) != (spellings[i].url != NULL))
			fail_msg("%s: %s", spellings[i].input, err == OK ? buf_c(&text) : why.text);
		if (err == OK && !str_eq(url.text, str_c(spellings[i].url)))
			fail_msg("%s gave %s", spellings[i].input, buf_c(&text));
		if (err != OK && !str_eq(reason, str_c(spellings[i].reason)))
			fail_msg("%s gave %s", spellings[i].input, why.text);
	}
}

static void test_parts(void **state)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct url url;

	(void)state;
	assert_int_equal(
		url_parse(STR("https://[2001:db8::1]:8443/a?b"), NULL, &text, &url, NULL), OK);
	assert_true(str_eq(url.scheme, STR("https")) && str_eq(url.host, STR("2001:db8::1")));
	assert_true(str_eq(url.path, STR("/a")) && str_eq(url.query, STR("b")));
	assert_true(url.host_is_ip && url.port == 8443 && url.ip.bytes[15] == 1);
	assert_int_equal(url_parse(STR("ftp://example.org"), NULL, &text, &url, NULL), OK);
	assert_true(str_eq(url.host, STR("example.org")) && !url.host_is_ip && url.port == 21);
	assert_true(str_eq(url.path, STR("/")) && url.query.n == 0);
}

static void test_length(void **state)
{
	CLEANUP(buf_done) struct buf input = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct url url;

	(void)state;
	buf_str(&input, STR("http://example.org/"));
	while (input.n < URL_LENGTH_MAX)
		buf_byte(&input, 'a');
	assert_int_equal(url_parse(buf_view(&input), NULL, &text, &url, NULL), OK);
	buf_byte(&input, 'a');
	assert_int_equal(url_parse(buf_view(&input), NULL, &text, &url, NULL), ERR_LIMIT);
	while (input.n <= URL_INPUT_MAX)
		buf_byte(&input, 'a');
	assert_int_equal(url_parse(buf_view(&input), NULL, &text, &url, NULL), ERR_LIMIT);
}

/*
 * The oracle: libcurl reads the same parts. Differences that are meant, and so are not generated or
 * not compared: userinfo (we drop it), percent-encoding (curl leaves it), hosts that are numbers
 * (curl reads 1.2 as 1.0.0.2), an empty query (curl drops it), single labels and odd names (curl
 * does not look into names), more or fewer than two slashes (curl guesses).
 */
static bool curl_part_is(CURLU *curl, CURLUPart part, struct str expected)
{
	char *text = NULL;
	CURLUcode code = curl_url_get(curl, part, &text, CURLU_DEFAULT_PORT);
	bool is_it = code == CURLUE_OK ? str_eq(str_c(text), expected) : expected.n == 0;

	curl_free(text);
	return is_it;
}

static void curl_done(CURLU **curl)
{
	curl_url_cleanup(*curl);
}

static const char *curl_reads_the_same(const char *text, const struct url *url)
{
	CLEANUP(curl_done) CURLU *curl = curl_url();
	CLEANUP(buf_done) struct buf host = { 0 };
	CLEANUP(buf_done) struct buf port = { 0 };
	bool is_v6 = url->host_is_ip && !ip_is_v4(&url->ip);

	must(curl != NULL);
	buf_fmt(&host, is_v6 ? "[%.*s]" : "%.*s", STR_FMT(url->host));
	buf_u64(&port, url->port);
	if (curl_url_set(curl, CURLUPART_URL, text, 0) != CURLUE_OK)
		return "curl refuses it";
	if (!curl_part_is(curl, CURLUPART_SCHEME, url->scheme))
		return "curl reads another scheme";
	if (!curl_part_is(curl, CURLUPART_HOST, buf_view(&host)))
		return "curl reads another host";
	if (!curl_part_is(curl, CURLUPART_PORT, buf_view(&port)))
		return "curl reads another port";
	if (!curl_part_is(curl, CURLUPART_PATH, url->path))
		return "curl reads another path";
	return curl_part_is(curl, CURLUPART_QUERY, url->query) ? NULL : "curl reads another query";
}

static const char *pick(struct prop *prop, const char *const *from, size_t n)
{
	return from[prop_below(prop, n)];
}

static void random_url(struct prop *prop, struct buf *out)
{
	static const char *const schemes[] = { "http", "https", "ftp" };
	static const char *const hosts[] = { "example.org", "a_b.example.net", "192.0.2.1",
		"[2001:db8::1]", "xn--mnchen-3ya.example" };
	static const char *const ports[] = { "", ":80", ":443", ":21", ":8080", ":" };
	static const char *const pieces[] = { "/", "/", ".", "..", "a", "Bc", ";x=1", "~", "@", ":",
		"//", "/./", "/../", "-_", "!$&'()*+," };

	buf_fmt(out, "%s://%s%s", pick(prop, schemes, ARRAY_LEN(schemes)),
		pick(prop, hosts, ARRAY_LEN(hosts)), pick(prop, ports, ARRAY_LEN(ports)));
	if (prop_below(prop, 4) > 0)
		buf_byte(out, '/');
	for (uint64_t n = out->data[out->n - 1] == '/' ? prop_below(prop, 8) : 0; n > 0; n--)
		buf_fmt(out, "%s", pick(prop, pieces, ARRAY_LEN(pieces)));
	if (prop_below(prop, 3) == 0)
		buf_str(out, STR("?q=/../a?b"));
	if (prop_below(prop, 3) == 0)
		buf_str(out, STR("#f?/../g"));
}

static const char *agrees_with_curl(struct prop *prop)
{
	CLEANUP(buf_done) struct buf input = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct url url;

	random_url(prop, &input);
	if (url_parse(buf_view(&input), NULL, &text, &url, NULL) != OK)
		return "a good URL is refused";
	return curl_reads_the_same(buf_c(&input), &url);
}

/* Any text: what comes out is canonical, so it comes out of itself again, and curl reads it. */
static const char *parse_is_idempotent(struct prop *prop)
{
	static const char *const pieces[] = { "http://", "hxxp://", "example", ".org", "[.]", ":",
		"80", "/", "..", ".", "%2e", "%2F", "%", "%4", "?", "#", "@", "[", "]", "::1", "\\",
		" ", "\xc3\xbc", "192.0.2.1", "X", "|" };
	CLEANUP(buf_done) struct buf input = { 0 };
	CLEANUP(buf_done) struct buf first = { 0 };
	CLEANUP(buf_done) struct buf second = { 0 };
	struct url url;

	if (prop_below(prop, 2) == 0)
		buf_str(&input, STR("http://example.org"));
	for (uint64_t n = prop_below(prop, 12); n > 0; n--)
		buf_fmt(&input, "%s", pick(prop, pieces, ARRAY_LEN(pieces)));
	if (url_parse(buf_view(&input), &lax, &first, &url, NULL) != OK)
		return NULL;
	if (url_parse(buf_view(&first), &lax, &second, &url, NULL) != OK)
		return "a canonical URL is refused";
	if (!str_eq(buf_view(&first), buf_view(&second)))
		return "a canonical URL changes";
	return curl_reads_the_same(buf_c(&first), &url);
}

static void test_properties(void **state)
{
	(void)state;
	PROP_RUN(20000, agrees_with_curl);
	PROP_RUN(20000, parse_is_idempotent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_properties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/fetch.h"

#include <curl/curl.h>
#include <unistd.h>

enum { URL_MAX = 4096, STEP_MS = 1000 };

static const char user_agent[] = "pehra/" PEHRA_VERSION;

/* One request. */
struct transfer {
	struct transfer *next;
	CURL *easy;
	struct curl_slist *headers;
	struct fetch_request request;
	struct fetch_result result;
	char url[URL_MAX];
	char error[CURL_ERROR_SIZE];
	bool is_running; /* in the multi handle; else it waits */
};

struct fetcher {
	CURLM *multi;
	fetch_handler handler;
	void *state;
	struct transfer *transfers; /* oldest first */
	size_t running;
	size_t n;
};

struct fetch_limits fetch_limits_default(void)
{
	return (struct fetch_limits){ FETCH_BYTES_MAX, FETCH_TOTAL_S, FETCH_CONNECT_S,
		FETCH_SPEED_MIN, FETCH_SPEED_SLACK_S, FETCH_REDIRECTS_MAX, false };
}

/* Anything but n tells curl to give up; the reason is in the result already. */
static size_t body_take(char *bytes, size_t one, size_t n, void *state)
{
	struct transfer *transfer = state;
	struct fetch_result *result = &transfer->result;
	size_t done = 0;

	(void)one;
	if (n > transfer->request.limits.bytes_max - result->bytes) {
		why_set(&result->why, ERR_LIMIT, 0, "longer than %llu bytes",
			(unsigned long long)transfer->request.limits.bytes_max);
		return CURL_WRITEFUNC_ERROR;
	}
	while (done < n) {
		ssize_t wrote = pwrite(transfer->request.fd, bytes + done, n - done,
			(off_t)(result->bytes + done));

		if (wrote <= 0) {
			result->why.code = fail_sys(&result->why, "cannot write the copy");
			return CURL_WRITEFUNC_ERROR;
		}
		done += (size_t)wrote;
	}
	result->bytes += n;
	return n;
}

/* A value that does not fit is left out: the next request is then unconditional. */
static void header_keep(struct str line, struct str name, char *out, size_t size)
{
	if (line.n > name.n && line.p[name.n] == ':' && str_starts_nocase(line, name))
		(void)str_to_c(str_trim(str_from_index(line, name.n + 1)), out, size);
}

static size_t header_take(char *bytes, size_t one, size_t n, void *state)
{
	struct transfer *transfer = state;
	struct fetch_validators *validators = &transfer->result.validators;
	struct str line = str_from(bytes, n);

	(void)one;
	/* each response begins anew: a redirect's validators are not the body's */
	if (str_starts(line, STR("HTTP/")))
		*validators = (struct fetch_validators){ 0 };
	header_keep(line, STR("etag"), validators->etag, sizeof validators->etag);
	header_keep(line, STR("last-modified"), validators->last_modified,
		sizeof validators->last_modified);
	return n;
}

static void header_add(struct transfer *transfer, const char *name, const char *value)
{
	char line[FETCH_ETAG_MAX + 64];

	/* validators come back from the store: no header may be made of them */
	if (value[0] == '\0' || strpbrk(value, "\r\n") != NULL)
		return;
	must(snprintf(line, sizeof line, "%s: %s", name, value) < (int)sizeof line);
	transfer->headers = curl_slist_append(transfer->headers, line);
	must(transfer->headers != NULL);
}

#define set(option, value) must(curl_easy_setopt(transfer->easy, (option), (value)) == CURLE_OK)

static void limits_apply(struct transfer *transfer)
{
	const struct fetch_limits *limits = &transfer->request.limits;
	bool is_https = str_starts_nocase(str_c(transfer->url), STR("https:"));

	set(CURLOPT_PROTOCOLS_STR, limits->allow_file ? "http,https,file" : "http,https");
	set(CURLOPT_REDIR_PROTOCOLS_STR, is_https ? "https" : "http,https");
	set(CURLOPT_FOLLOWLOCATION, 1L);
	set(CURLOPT_MAXREDIRS, (long)limits->redirects_max);
	set(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)limits->bytes_max);
	set(CURLOPT_TIMEOUT, (long)limits->total_s);
	set(CURLOPT_CONNECTTIMEOUT, (long)limits->connect_s);
	set(CURLOPT_LOW_SPEED_LIMIT, (long)limits->speed_min);
	set(CURLOPT_LOW_SPEED_TIME, (long)limits->speed_slack_s);
}

static void transfer_start(struct transfer *transfer)
{
	const struct fetch_validators *validators = &transfer->request.validators;

	transfer->easy = curl_easy_init();
	must(transfer->easy != NULL);
	set(CURLOPT_URL, transfer->url);
	set(CURLOPT_PRIVATE, transfer);
	set(CURLOPT_NOSIGNAL, 1L);
	set(CURLOPT_ERRORBUFFER, transfer->error);
	set(CURLOPT_USERAGENT, user_agent);
	set(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	set(CURLOPT_WRITEFUNCTION, body_take);
	set(CURLOPT_WRITEDATA, transfer);
	set(CURLOPT_HEADERFUNCTION, header_take);
	set(CURLOPT_HEADERDATA, transfer);
	limits_apply(transfer);
	header_add(transfer, "If-None-Match", validators->etag);
	header_add(transfer, "If-Modified-Since", validators->last_modified);
	set(CURLOPT_HTTPHEADER, transfer->headers);
}

/* Codes of curl that have one of ours; the rest are ERR_IO. */
static const struct {
	CURLcode from;
	enum err to;
} codes[] = {
	{ CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT },
	{ CURLE_FILESIZE_EXCEEDED, ERR_LIMIT },
	{ CURLE_TOO_MANY_REDIRECTS, ERR_LIMIT },
	{ CURLE_UNSUPPORTED_PROTOCOL, ERR_DENIED },
	{ CURLE_PARTIAL_FILE, ERR_CLOSED },
	{ CURLE_GOT_NOTHING, ERR_CLOSED },
	{ CURLE_RECV_ERROR, ERR_CLOSED },
	{ CURLE_FILE_COULDNT_READ_FILE, ERR_NOT_FOUND },
};

static void failure_judge(struct transfer *transfer, CURLcode code)
{
	struct fetch_result *result = &transfer->result;
	enum err err = ERR_IO;

	result->status = FETCH_FAILED;
	/* a reason of ours comes first */
	if (result->why.code != OK)
		return;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (codes[i].from == code)
			err = codes[i].to;
	}
	why_set(&result->why, err, 0, "%s",
		transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code));
}

static void response_judge(struct transfer *transfer)
{
	struct fetch_result *result = &transfer->result;
	const struct fetch_validators *sent = &transfer->request.validators;
	bool is_file = str_starts_nocase(str_c(transfer->url), STR("file:"));
	bool was_conditional = sent->etag[0] != '\0' || sent->last_modified[0] != '\0';

	if (result->http_code == 304 && was_conditional) {
		result->status = FETCH_NOT_MODIFIED;
		/* the server need not repeat what is known */
		if (result->validators.etag[0] == '\0' &&
			result->validators.last_modified[0] == '\0')
			result->validators = *sent;
	} else if (result->http_code == 200 || (is_file && result->http_code == 0)) {
		result->status = FETCH_DONE;
		if (ftruncate(transfer->request.fd, (off_t)result->bytes) == -1) {
			result->status = FETCH_FAILED;
			result->why.code = fail_sys(&result->why, "cannot cut the copy to length");
		}
	} else {
		result->status = FETCH_FAILED;
		why_set(&result->why, result->http_code == 404 ? ERR_NOT_FOUND : ERR_IO, 0,
			"the server answered %ld", result->http_code);
	}
}

static void transfer_judge(struct transfer *transfer, CURLcode code)
{
	struct fetch_result *result = &transfer->result;
	curl_off_t total_us = 0;
	long redirects = 0;

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &result->http_code);
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &total_us);
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_COUNT, &redirects);
	result->elapsed_ms = total_us / 1000;
	result->redirects = (unsigned)redirects;
	if (code != CURLE_OK)
		failure_judge(transfer, code);
	else
		response_judge(transfer);
}

static void transfer_free(struct fetcher *fetcher, struct transfer *transfer)
{
	struct transfer **slot = &fetcher->transfers;

	while (*slot != transfer) {
		must(*slot != NULL);
		slot = &(*slot)->next;
	}
	*slot = transfer->next;
	if (transfer->is_running) {
		must(curl_multi_remove_handle(fetcher->multi, transfer->easy) == CURLM_OK);
		fetcher->running--;
	}
	fetcher->n--;
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
	free(transfer);
}

struct fetcher *fetcher_new(fetch_handler handler, void *state)
{
	struct fetcher *fetcher = calloc(1, sizeof *fetcher);

	must(fetcher != NULL);
	must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	fetcher->multi = curl_multi_init();
	must(fetcher->multi != NULL);
	fetcher->handler = handler;
	fetcher->state = state;
	return fetcher;
}

void fetcher_free(struct fetcher **slot)
{
	struct fetcher *fetcher = *slot;

	if (fetcher == NULL)
		return;
	while (fetcher->transfers != NULL)
		transfer_free(fetcher, fetcher->transfers);
	must(curl_multi_cleanup(fetcher->multi) == CURLM_OK);
	free(fetcher);
	curl_global_cleanup();
	*slot = NULL;
}

enum err fetcher_add(struct fetcher *fetcher, const struct fetch_request *request, struct why *why)
{
	struct transfer **slot = &fetcher->transfers;
	struct str url = request->url;

	if (!str_starts_nocase(url, STR("https://")) && !str_starts_nocase(url, STR("http://")) &&
		!(request->limits.allow_file && str_starts_nocase(url, STR("file:///"))))
		return fail(why, ERR_USAGE, "only http and https are fetched: %.*s",
			STR_FMT(str_first(url, 128)));
	if (url.n >= URL_MAX || str_find(url, '\0') < url.n)
		return fail(why, ERR_USAGE, "the URL is too long");

	struct transfer *transfer = calloc(1, sizeof *transfer);

	must(transfer != NULL);
	transfer->request = *request;
	must(str_to_c(url, transfer->url, sizeof transfer->url));
	transfer_start(transfer);
	while (*slot != NULL)
		slot = &(*slot)->next;
	*slot = transfer;
	fetcher->n++;
	return OK;
}

static void waiting_start(struct fetcher *fetcher)
{
	for (struct transfer *transfer = fetcher->transfers;
		transfer != NULL && fetcher->running < FETCH_AT_ONCE; transfer = transfer->next) {
		if (transfer->is_running)
			continue;
		must(curl_multi_add_handle(fetcher->multi, transfer->easy) == CURLM_OK);
		transfer->is_running = true;
		fetcher->running++;
	}
}

/* True when any has finished. */
static bool finished_report(struct fetcher *fetcher)
{
	CURLMsg *message;
	bool any = false;
	int left;

	while ((message = curl_multi_info_read(fetcher->multi, &left)) != NULL) {
		char *private = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		must(curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private) ==
			CURLE_OK);

		struct transfer *transfer = (struct transfer *)(void *)private;
		struct fetch_request request = transfer->request;

		transfer_judge(transfer, message->data.result);

		struct fetch_result result = transfer->result;

		transfer_free(fetcher, transfer);
		fetcher->handler(fetcher->state, request.tag, &result);
		any = true;
	}
	return any;
}

size_t fetcher_step(struct fetcher *fetcher, int extra_fd, int timeout_ms, bool *extra_ready)
{
	struct curl_waitfd extra = { .fd = extra_fd, .events = CURL_WAIT_POLLIN };
	int running;

	waiting_start(fetcher);
	must(curl_multi_perform(fetcher->multi, &running) == CURLM_OK);
	*extra_ready = false;
	/* what has finished lets others in, or the caller go: no waiting then */
	if (finished_report(fetcher))
		timeout_ms = 0;
	(void)curl_multi_poll(fetcher->multi, &extra, extra_fd == -1 ? 0 : 1, timeout_ms, NULL);
	*extra_ready = extra_fd != -1 && extra.revents != 0;
	return fetcher->n;
}

static void result_keep(void *state, void *tag, const struct fetch_result *result)
{
	struct fetch_result *out = state;

	(void)tag;
	*out = *result;
}

void fetch_one(const struct fetch_request *request, struct fetch_result *out)
{
	CLEANUP(fetcher_free) struct fetcher *fetcher = fetcher_new(result_keep, out);
	bool ready;

	*out = (struct fetch_result){ .status = FETCH_FAILED };
	if (fetcher_add(fetcher, request, &out->why) != OK)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): fetcher goes by its clean-up */
		return;
	while (fetcher_step(fetcher, -1, STEP_MS, &ready) > 0)
		continue;
}

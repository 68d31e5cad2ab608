/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/fetch.h"

#include "base/buf.h"
#include "base/io.h"

#include <curl/curl.h>
#include <poll.h>
#include <unistd.h>

enum {
	CONNECT_S_MAX = 30,
	STANDSTILL_PARTS = 3, /* of the time-out */
	OWN_MAX = 64,
	CODE_OK = 200,
	CODE_NOT_MODIFIED = 304
};

#define USER_AGENT "Pehra/" PEHRA_VERSION

struct transfer {
	struct transfer *next; /* in the queue of those that wait */
	CURL *curl;
	struct curl_slist *headers;
	struct fetch_result result;
	uint64_t size_max_bytes;
	int fd;             /* owned */
	struct why refused; /* why the body was not taken; code OK when it was */
	char reason[CURL_ERROR_SIZE];
};

struct fetch {
	CURLM *multi;
	struct transfer *running[FETCH_AT_ONCE]; /* NULL: a free place */
	size_t waiting;
	struct transfer *first;
	struct transfer *last;
};

static const char *const status_words[] = {
	[FETCH_DONE] = "fetched",
	[FETCH_NOT_MODIFIED] = "not_modified",
	[FETCH_FAILED] = "failed",
};
_Static_assert(ARRAY_LEN(status_words) == FETCH_STATUSES, "one word per status");

const char *fetch_status_word(enum fetch_status status)
{
	return status < FETCH_STATUSES ? status_words[status] : "unknown";
}

enum err fetch_new(struct fetch **out, struct why *why)
{
	struct fetch *fetch = calloc(1, sizeof *fetch);

	must(fetch != NULL);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
		(fetch->multi = curl_multi_init()) == NULL) {
		free(fetch);
		return fail(why, ERR_IO, "libcurl does not start");
	}
	*out = fetch;
	return OK;
}

static void transfer_free(struct transfer *transfer)
{
	curl_easy_cleanup(transfer->curl);
	curl_slist_free_all(transfer->headers);
	fd_close(&transfer->fd);
	free(transfer);
}

void fetch_free(struct fetch **out)
{
	struct fetch *fetch = *out;

	if (fetch == NULL)
		return;
	for (size_t i = 0; i < FETCH_AT_ONCE; i++) {
		if (fetch->running[i] == NULL)
			continue;
		(void)curl_multi_remove_handle(fetch->multi, fetch->running[i]->curl);
		transfer_free(fetch->running[i]);
	}
	while (fetch->first != NULL) {
		struct transfer *transfer = fetch->first;

		fetch->first = transfer->next;
		transfer_free(transfer);
	}
	(void)curl_multi_cleanup(fetch->multi);
	curl_global_cleanup();
	free(fetch);
	*out = NULL;
}

/* libcurl calls it with size 1. */
static size_t take_body(char *bytes, size_t size, size_t n, void *state)
{
	struct transfer *transfer = state;
	struct why *why = &transfer->refused;

	(void)size;
	if (n > transfer->size_max_bytes - transfer->result.bytes) {
		why_set(why, ERR_LIMIT, 0, "more than %llu bytes",
			(unsigned long long)transfer->size_max_bytes);
		return 0;
	}
	if (fd_write_all(transfer->fd, str_from(bytes, n), why) != OK)
		return 0;
	transfer->result.bytes += n;
	return n;
}

/* Keeps a validator of visible ASCII that fits; others are as good as none. */
static void keep_validator(char *out, struct str value)
{
	value = str_trim(value);
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < ' ' || value.p[i] > '~')
			return;
	(void)str_to_c(value, out, FETCH_VALIDATOR_MAX);
}

static size_t take_header(char *bytes, size_t size, size_t n, void *state)
{
	struct transfer *transfer = state;
	struct str line = str_from(bytes, n);
	size_t colon = str_find(line, ':');
	struct str name = str_first(line, colon);

	(void)size;
	/* each answer on the way of redirects begins anew */
	if (str_starts(line, STR("HTTP/"))) {
		transfer->result.etag[0] = '\0';
		transfer->result.last_modified[0] = '\0';
	} else if (str_eq_nocase(name, STR("etag"))) {
		keep_validator(transfer->result.etag, str_from_index(line, colon + 1));
	} else if (str_eq_nocase(name, STR("last-modified"))) {
		keep_validator(transfer->result.last_modified, str_from_index(line, colon + 1));
	}
	return n;
}

static void add_condition(struct transfer *transfer, const char *name, struct str value)
{
	CLEANUP(buf_done) struct buf line = { 0 };

	if (value.n == 0 || value.n >= FETCH_VALIDATOR_MAX)
		return;
	buf_fmt(&line, "%s: %.*s", name, STR_FMT(value));
	/* what came from a server once must not become a header of its own */
	if (str_find(buf_view(&line), '\r') < line.n || str_find(buf_view(&line), '\n') < line.n)
		return;
	transfer->headers = curl_slist_append(transfer->headers, buf_c(&line));
	must(transfer->headers != NULL);
}

#define SET(option, value) must(curl_easy_setopt(curl, (option), (value)) == CURLE_OK)

static void set_up(struct transfer *transfer, const struct fetch_request *request, const char *url)
{
	CURL *curl = transfer->curl;
	bool is_secret = str_starts_nocase(request->url, STR("https:"));
	long timeout_s = (long)request->timeout_s;

	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	/* what began encrypted stays so */
	SET(CURLOPT_REDIR_PROTOCOLS_STR, is_secret ? "https" : "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 1L);
	SET(CURLOPT_MAXREDIRS, (long)FETCH_REDIRECTS_MAX);
	SET(CURLOPT_FAILONERROR, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_NOPROGRESS, 1L);
	SET(CURLOPT_USERAGENT, USER_AGENT);
	SET(CURLOPT_ERRORBUFFER, transfer->reason);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, transfer);
	SET(CURLOPT_HEADERFUNCTION, take_header);
	SET(CURLOPT_HEADERDATA, transfer);
	SET(CURLOPT_PRIVATE, transfer);
	SET(CURLOPT_HTTPHEADER, transfer->headers);
	SET(CURLOPT_TIMEOUT, timeout_s);
	SET(CURLOPT_CONNECTTIMEOUT, timeout_s < CONNECT_S_MAX ? timeout_s : (long)CONNECT_S_MAX);
	SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
	SET(CURLOPT_LOW_SPEED_TIME, timeout_s / STANDSTILL_PARTS + 1);
}

static void launch(struct fetch *fetch)
{
	for (size_t i = 0; fetch->first != NULL && i < FETCH_AT_ONCE; i++) {
		struct transfer *transfer = fetch->first;

		if (fetch->running[i] != NULL)
			continue;
		fetch->first = transfer->next;
		if (fetch->first == NULL)
			fetch->last = NULL;
		fetch->waiting--;
		must(curl_multi_add_handle(fetch->multi, transfer->curl) == CURLM_OK);
		fetch->running[i] = transfer;
	}
}

enum err fetch_start(struct fetch *fetch, const struct fetch_request *request, struct why *why)
{
	CLEANUP(fd_close) int fd = request->fd;
	char url[FETCH_URL_MAX];

	if (!str_starts_nocase(request->url, STR("http://")) &&
		!str_starts_nocase(request->url, STR("https://")))
		return fail(why, ERR_USAGE, "only http and https addresses can be fetched");
	if (!str_to_c(request->url, url, sizeof url))
		return fail(why, ERR_LIMIT, "the address is too long");
	if (request->timeout_s < 1 || request->size_max_bytes < 1)
		return fail(why, ERR_USAGE, "a download needs a limit of time and size");
	if (fetch->waiting == FETCH_WAITING_MAX)
		return fail(why, ERR_BUSY, "%d downloads wait already", (int)FETCH_WAITING_MAX);
	if (ftruncate(fd, 0) == -1 || lseek(fd, 0, SEEK_SET) == -1)
		return fail_sys(why, "cannot empty the file to write to");

	struct transfer *transfer = calloc(1, sizeof *transfer);

	must(transfer != NULL);
	transfer->curl = curl_easy_init();
	must(transfer->curl != NULL);
	transfer->result.id = request->id;
	transfer->size_max_bytes = request->size_max_bytes;
	transfer->fd = fd;
	fd = -1;
	add_condition(transfer, "If-None-Match", request->etag);
	add_condition(transfer, "If-Modified-Since", request->last_modified);
	set_up(transfer, request, url);
	if (fetch->last != NULL)
		fetch->last->next = transfer;
	else
		fetch->first = transfer;
	fetch->last = transfer;
	fetch->waiting++;
	launch(fetch);
	return OK;
}

static size_t running_count(const struct fetch *fetch)
{
	size_t n = 0;

	for (size_t i = 0; i < FETCH_AT_ONCE; i++)
		n += fetch->running[i] != NULL;
	return n;
}

enum err fetch_wait(
	struct fetch *fetch, struct pollfd *own, size_t n, int timeout_ms, struct why *why)
{
	struct curl_waitfd rows[OWN_MAX];
	int running;

	must(n <= OWN_MAX);
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct curl_waitfd){
			.fd = own[i].fd,
			.events = (short)(((own[i].events & POLLIN) != 0 ? CURL_WAIT_POLLIN : 0) |
					  ((own[i].events & POLLOUT) != 0 ? CURL_WAIT_POLLOUT : 0)),
		};

	CURLMcode code = curl_multi_perform(fetch->multi, &running);

	/* one that ended already is news: nobody should wait */
	if (code == CURLM_OK)
		code = curl_multi_poll(fetch->multi, rows, (unsigned)n,
			(size_t)running < running_count(fetch) ? 0 : timeout_ms, NULL);
	if (code == CURLM_OK)
		code = curl_multi_perform(fetch->multi, &running);
	if (code != CURLM_OK)
		return fail(why, ERR_IO, "libcurl: %s", curl_multi_strerror(code));
	for (size_t i = 0; i < n; i++)
		own[i].revents = (short)((rows[i].revents & CURL_WAIT_POLLIN ? POLLIN : 0) |
					 (rows[i].revents & CURL_WAIT_POLLOUT ? POLLOUT : 0));
	return OK;
}

/* What became of it, from libcurl's code, the answer's and our own refusals. */
static void judge(struct transfer *transfer, CURLcode code)
{
	struct fetch_result *result = &transfer->result;
	struct why *why = &result->why;

	(void)curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &result->code);
	result->status = FETCH_FAILED;
	if (transfer->refused.code != OK)
		*why = transfer->refused;
	else if (code == CURLE_OPERATION_TIMEDOUT)
		why_set(why, ERR_TIMEOUT, 0, "%s", transfer->reason);
	else if (code != CURLE_OK)
		why_set(why, ERR_IO, 0, "%s",
			transfer->reason[0] != '\0' ? transfer->reason : curl_easy_strerror(code));
	else if (result->code == CODE_NOT_MODIFIED)
		result->status = FETCH_NOT_MODIFIED;
	else if (result->code == CODE_OK)
		result->status = FETCH_DONE;
	else
		why_set(why, ERR_IO, 0, "the server answered %ld", result->code);
}

bool fetch_next(struct fetch *fetch, struct fetch_result *out)
{
	struct transfer *transfer = NULL;
	CURLMsg *message;
	int left;

	do
		message = curl_multi_info_read(fetch->multi, &left);
	while (message != NULL && message->msg != CURLMSG_DONE);
	if (message == NULL)
		return false;

	CURL *curl = message->easy_handle;
	CURLcode code = message->data.result;

	must(curl_easy_getinfo(curl, CURLINFO_PRIVATE, (char **)&transfer) == CURLE_OK);
	judge(transfer, code);
	*out = transfer->result;
	must(curl_multi_remove_handle(fetch->multi, curl) == CURLM_OK);
	for (size_t i = 0; i < FETCH_AT_ONCE; i++)
		if (fetch->running[i] == transfer)
			fetch->running[i] = NULL;
	transfer_free(transfer);
	launch(fetch);
	return true;
}

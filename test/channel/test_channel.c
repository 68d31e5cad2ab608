/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "base/io.h"
#include "channel/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct wire_header {
	uint32_t length;
	uint16_t type;
	uint16_t flags;
	uint64_t id;
};

static const struct channel_limits small = { 1000, 4000, 16000 };

static void pair(struct channel *a, enum process a_role, struct channel *b, enum process b_role,
	const struct channel_limits *limits)
{
	int fds[2];
	struct why why;

	assert_int_equal(channel_pair(fds, &why), OK);
	channel_init(a, fds[0], a_role, b_role, limits);
	channel_init(b, fds[1], b_role, a_role, limits);
}

static size_t open_descriptors(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static void test_round_trip(void **state)
{
	CLEANUP(channel_done) struct channel web;
	CLEANUP(channel_done) struct channel keeper;
	struct message got;
	struct why why;

	(void)state;
	pair(&web, PROCESS_WEB, &keeper, PROCESS_KEEPER, NULL);
	assert_int_equal(channel_send_text(&web, MESSAGE_COMMAND, 7, STR("{}"), &why), OK);
	assert_int_equal(channel_send_text(&web, MESSAGE_PING, UINT64_MAX, STR(""), &why), OK);
	assert_true(channel_events(&web) == (POLLIN | POLLOUT));
	assert_int_equal(channel_write(&web, &why), OK);
	assert_true(channel_events(&web) == POLLIN);
	assert_int_equal(channel_read(&keeper, &why), OK);
	assert_true(channel_next(&keeper, &got));
	assert_int_equal(got.type, MESSAGE_COMMAND);
	assert_int_equal(got.id, 7);
	assert_true(str_eq(got.payload, STR("{}")));
	assert_int_equal(got.fd, -1);
	assert_true(channel_next(&keeper, &got));
	assert_true(got.type == MESSAGE_PING && got.id == UINT64_MAX && got.payload.n == 0);
	assert_false(channel_next(&keeper, &got));
}

static void test_table(void **state)
{
	CLEANUP(channel_done) struct channel answer;
	CLEANUP(channel_done) struct channel parent;
	enum process role;
	struct why why;

	(void)state;
	pair(&answer, PROCESS_ANSWER, &parent, PROCESS_PARENT, NULL);
	/* the sender's own mistakes are told before anything is queued */
	assert_int_equal(
		channel_send_text(&answer, MESSAGE_COMMAND, 1, STR("{}"), &why), ERR_USAGE);
	assert_int_equal(channel_send_text(&parent, MESSAGE_STOP, 1, STR("x"), &why), ERR_USAGE);
	assert_int_equal(
		channel_send(&parent, &(struct message){ .type = MESSAGE_STOP, .fd = STDIN_FILENO },
			&why),
		ERR_USAGE);
	assert_int_equal(parent.out_bytes, 0);
	for (uint32_t type = 0; type < MESSAGE_TYPE_COUNT; type++) {
		assert_non_null(message_rules[type].name);
		assert_true(message_rules[type].payload_max <= MESSAGE_PAYLOAD_MAX);
		assert_true(message_rules[type].from != 0 && message_rules[type].to != 0);
	}
	for (int i = 0; i < PROCESS_COUNT; i++)
		assert_true(process_from_word(str_c(process_word((enum process)i)), &role) &&
			    (int)role == i);
	assert_false(process_from_word(STR("publish"), &role));
}

static void test_descriptor(void **state)
{
	CLEANUP(channel_done) struct channel keeper;
	CLEANUP(channel_done) struct channel fetch;
	size_t before = open_descriptors();
	struct stat sent, received;
	struct message got;
	struct why why;

	(void)state;
	pair(&keeper, PROCESS_KEEPER, &fetch, PROCESS_FETCH, NULL);
	for (int i = 0; i < 3 * CHANNEL_DESCRIPTORS_MAX; i++) {
		CLEANUP(fd_close) int file = memfd_create("feed", MFD_CLOEXEC);

		assert_int_equal(ftruncate(file, i), 0);
		assert_int_equal(channel_send(&keeper,
					 &(struct message){ .type = MESSAGE_FETCH,
						 .id = (uint64_t)i,
						 .payload = STR("{}"),
						 .fd = file },
					 &why),
			OK);
		assert_int_equal(channel_send_text(&keeper, MESSAGE_PING, 0, STR(""), &why), OK);
	}
	assert_int_equal(channel_write(&keeper, &why), OK);
	for (int i = 0; i < 3 * CHANNEL_DESCRIPTORS_MAX;) {
		assert_int_equal(channel_read(&fetch, &why), OK);
		while (channel_next(&fetch, &got)) {
			if (got.type == MESSAGE_PING)
				continue;
			assert_int_equal(got.id, i);
			assert_int_equal(fstat(got.fd, &received), 0);
			assert_int_equal(received.st_size, i);
			assert_true((fcntl(got.fd, F_GETFD) & FD_CLOEXEC) != 0);
			message_done(&got);
			i++;
		}
	}

	/* what nobody took is closed with the channel */
	assert_int_equal(channel_send(&keeper,
				 &(struct message){ .type = MESSAGE_FETCH, .fd = keeper.fd }, &why),
		OK);
	assert_int_equal(fstat(keeper.fd, &sent), 0);
	assert_int_equal(channel_write(&keeper, &why), OK);
	assert_int_equal(channel_read(&fetch, &why), OK);
	channel_done(&keeper);
	channel_done(&fetch);
	assert_int_equal(open_descriptors(), before);
}

/* The bytes of any cut of the stream give the same messages. */
static const char *split_case(struct prop *prop)
{
	CLEANUP(channel_done) struct channel parse;
	CLEANUP(channel_done) struct channel keeper;
	CLEANUP(buf_done) struct buf stream = { 0 };
	uint64_t lengths[20];
	uint64_t got_n = 0;
	struct message got;
	struct why why;

	pair(&parse, PROCESS_PARSE, &keeper, PROCESS_KEEPER, NULL);
	for (uint64_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct wire_header header = { 0, MESSAGE_CLAIMS, 0, i };

		lengths[i] = prop_below(prop, 4) == 0 ? 0 : prop_below(prop, 3000);
		header.length = (uint32_t)lengths[i];
		buf_put(&stream, &header, sizeof header);
		for (uint64_t k = 0; k < lengths[i]; k++)
			buf_byte(&stream, (char)(i + k));
	}
	for (struct str rest = buf_view(&stream); rest.n > 0;) {
		struct str part = str_first(rest, 1 + prop_below(prop, 5000));

		if (fd_write_all(parse.fd, part, &why) != OK || channel_read(&keeper, &why) != OK)
			return why.text[0] != '\0' ? "stream broke" : "stream broke silently";
		while (channel_next(&keeper, &got)) {
			if (got.id != got_n || got.payload.n != lengths[got_n])
				return "wrong message";
			for (size_t k = 0; k < got.payload.n; k++)
				if (got.payload.p[k] != (char)(got_n + k))
					return "wrong payload";
			got_n++;
		}
		rest = str_from_index(rest, part.n);
	}
	return got_n == ARRAY_LEN(lengths) ? NULL : "messages are missing";
}

static void test_split(void **state)
{
	(void)state;
	PROP_RUN(100, split_case);
}

struct hostile {
	const char *what;
	struct wire_header header;
};

static const struct hostile hostile_frames[] = {
	{ "type out of the table", { 0, MESSAGE_TYPE_COUNT, 0, 0 } },
	{ "largest type", { 0, UINT16_MAX, 0, 0 } },
	{ "longer than the type may be", { MESSAGE_PAYLOAD_MAX + 1, MESSAGE_CLAIMS, 0, 0 } },
	{ "longest length", { UINT32_MAX, MESSAGE_CLAIMS, 0, 0 } },
	{ "payload where none may be", { 1, MESSAGE_XOFF, 0, 0 } },
	{ "not this role's to say", { 0, MESSAGE_COMMAND, 0, 0 } },
	{ "the wrong way", { 0, MESSAGE_PARSE, 0, 0 } },
	{ "unknown flags", { 0, MESSAGE_CLAIMS, 2, 0 } },
	{ "descriptor not allowed", { 0, MESSAGE_CLAIMS, 1, 0 } },
};

static void test_hostile_frames(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hostile_frames); i++) {
		CLEANUP(channel_done) struct channel parse;
		CLEANUP(channel_done) struct channel keeper;
		struct wire_header good = { 0, MESSAGE_PARSED, 0, 3 };
		struct message got;
		struct why why;

		pair(&parse, PROCESS_PARSE, &keeper, PROCESS_KEEPER, NULL);
		assert_int_equal(write(parse.fd, &good, sizeof good), sizeof good);
		assert_int_equal(
			write(parse.fd, &hostile_frames[i].header, sizeof good), sizeof good);
		if (channel_read(&keeper, &why) != ERR_SYNTAX)
			fail_msg("accepted: %s", hostile_frames[i].what);
		assert_true(str_starts(str_c(why.text), STR("parse: ")));
		assert_false(channel_is_open(&keeper));
		assert_int_equal(channel_events(&keeper), 0);
		/* what came before was whole */
		assert_true(channel_next(&keeper, &got) && got.id == 3);
		assert_false(channel_next(&keeper, &got));
		assert_int_equal(channel_read(&keeper, &why), ERR_SYNTAX);
		assert_int_equal(
			channel_send_text(&keeper, MESSAGE_PING, 0, STR(""), &why), ERR_CLOSED);
	}
}

static void send_raw(int socket, const void *bytes, size_t n, const int *fds, size_t fd_count)
{
	union {
		struct cmsghdr header;
		char bytes[256];
	} room = { 0 };
	struct iovec part = { (void *)(uintptr_t)bytes, n };
	struct msghdr head = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd_count > 0) {
		head.msg_control = room.bytes;
		head.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		room.header.cmsg_level = SOL_SOCKET;
		room.header.cmsg_type = SCM_RIGHTS;
		room.header.cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(&room.header), fds, fd_count * sizeof(int));
	}
	assert_int_equal(sendmsg(socket, &head, 0), n);
}

static void test_hostile_descriptors(void **state)
{
	static const struct {
		struct wire_header header;
		size_t fd_count;
		bool is_good;
	} rows[] = {
		{ { 0, MESSAGE_COMMAND, 1, 0 }, 1, true },
		{ { 0, MESSAGE_COMMAND, 1, 0 }, 0, false },
		{ { 0, MESSAGE_COMMAND, 1, 0 }, 2, false },
		{ { 0, MESSAGE_COMMAND, 1, 0 }, 40, false },
		{ { 0, MESSAGE_COMMAND, 0, 0 }, 1, false },
	};
	size_t before = open_descriptors();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(channel_done) struct channel web;
		CLEANUP(channel_done) struct channel keeper;
		int fds[40] = { 0 };
		struct message got;
		struct why why;

		pair(&web, PROCESS_WEB, &keeper, PROCESS_KEEPER, NULL);
		send_raw(web.fd, &rows[i].header, sizeof rows[i].header, fds, rows[i].fd_count);
		assert_int_equal(channel_read(&keeper, &why), rows[i].is_good ? OK : ERR_SYNTAX);
		if (rows[i].is_good) {
			assert_true(channel_next(&keeper, &got) && got.fd != -1);
			message_done(&got);
		}
	}
	assert_int_equal(open_descriptors(), before);
}

/* A sender that heeds channel_is_full() and a reader of any slowness: nothing lost, all bounded. */
static const char *flow_case(struct prop *prop)
{
	CLEANUP(channel_done) struct channel parse;
	CLEANUP(channel_done) struct channel keeper;
	static const char bytes[3000];
	uint64_t sent = 0;
	uint64_t received = 0;
	uint64_t slowness = 1 + prop_below(prop, 20);
	struct message got;
	struct why why;

	pair(&parse, PROCESS_PARSE, &keeper, PROCESS_KEEPER, &small);
	for (int round = 0; received < 400; round++) {
		if (round > 100000)
			return "stands still";
		while (sent < 400 && !channel_is_full(&parse)) {
			if (channel_send_text(&parse, MESSAGE_CLAIMS, sent,
				    str_from(bytes, prop_below(prop, sizeof bytes)), &why) != OK)
				return "refused though not full";
			sent++;
		}
		if (channel_write(&parse, &why) != OK || channel_read(&parse, &why) != OK ||
			channel_write(&keeper, &why) != OK || channel_read(&keeper, &why) != OK)
			return "the channel broke";
		if (keeper.in.n - keeper.in_start >
			small.full_bytes + sizeof bytes + (size_t)64 * 1024)
			return "receiver holds too much";
		if (parse.out_bytes > small.xoff_bytes + sizeof bytes + 16)
			return "sender holds too much";
		if (prop_below(prop, slowness) != 0)
			continue;
		for (uint64_t n = prop_below(prop, 8); n > 0 && channel_next(&keeper, &got); n--)
			if (got.id != received++)
				return "out of order";
	}
	if (slowness > 4 && parse.holds == 0)
		return "a slow reader never said XOFF";
	if (keeper.is_holding && channel_write(&keeper, &why) != OK)
		return "cannot say XON";
	return NULL;
}

static void test_flow(void **state)
{
	(void)state;
	PROP_RUN(50, flow_case);
}

static void test_deaf_sender(void **state)
{
	CLEANUP(channel_done) struct channel parse;
	CLEANUP(channel_done) struct channel keeper;
	static const char bytes[3000];
	enum err err = OK;
	struct why why;

	(void)state;
	pair(&parse, PROCESS_PARSE, &keeper, PROCESS_KEEPER, &small);
	/* a sender that does not heed XOFF meets the reader's bound, then the socket's, then its
	 * own */
	for (int i = 0; i < 10000 && err == OK; i++) {
		err = channel_send_text(
			&parse, MESSAGE_CLAIMS, 0, str_from(bytes, sizeof bytes), &why);
		assert_int_equal(channel_write(&parse, &why), OK);
		assert_int_equal(channel_read(&keeper, &why), OK);
	}
	assert_int_equal(err, ERR_BUSY);
	assert_true(parse.out_bytes < small.full_bytes + sizeof bytes + 32);
	assert_true(keeper.in.n < small.full_bytes + sizeof bytes + (size_t)64 * 1024);
	assert_true((channel_events(&keeper) & POLLIN) == 0);
}

static void test_last_words(void **state)
{
	CLEANUP(channel_done) struct channel parse;
	CLEANUP(channel_done) struct channel keeper;
	struct message got;
	struct why why;

	(void)state;
	pair(&parse, PROCESS_PARSE, &keeper, PROCESS_KEEPER, NULL);
	assert_int_equal(channel_send_text(&parse, MESSAGE_PARSED, 5, STR("{}"), &why), OK);
	assert_int_equal(channel_write(&parse, &why), OK);
	channel_done(&parse);
	/* writing to a peer that is gone does not hide what it said last */
	assert_int_equal(channel_send_text(&keeper, MESSAGE_PARSE, 6, STR("{}"), &why), OK);
	assert_int_equal(channel_write(&keeper, &why), OK);
	assert_int_equal(channel_send_text(&keeper, MESSAGE_PARSE, 7, STR("{}"), &why), ERR_CLOSED);
	assert_int_equal(channel_read(&keeper, &why), ERR_CLOSED);
	assert_true(channel_next(&keeper, &got) && got.id == 5);
	assert_false(channel_next(&keeper, &got));
}

/* A child that answers each PARSE by 40 long CLAIMS and a PARSED, and ends with its channel. */
static void blocking_child(int fd)
{
	static const char bytes[100000];
	struct channel keeper;
	struct message got;
	struct why why;

	channel_init(&keeper, fd, PROCESS_PARSE, PROCESS_KEEPER, &small);
	while (channel_receive_blocking(&keeper, &got, -1, &why) == OK) {
		for (int i = 0; i < 40; i++)
			must(channel_send_blocking(&keeper,
				     &(struct message){ .type = MESSAGE_CLAIMS,
					     .id = got.id,
					     .payload = str_from(bytes, sizeof bytes),
					     .fd = -1 },
				     -1, &why) == OK);
		must(channel_send_text(&keeper, MESSAGE_PARSED, got.id, STR("{}"), &why) == OK);
		must(channel_write(&keeper, &why) == OK);
	}
	_exit(why.code == ERR_CLOSED ? 0 : 1);
}

static void test_blocking(void **state)
{
	CLEANUP(channel_done) struct channel parse = CHANNEL_CLOSED;
	int fds[2];
	int status;
	struct message got;
	struct why why;
	pid_t child;

	(void)state;
	assert_int_equal(channel_pair(fds, &why), OK);
	child = fork();
	assert_true(child != -1);
	if (child == 0) {
		(void)close(fds[0]);
		blocking_child(fds[1]);
	}
	(void)close(fds[1]);
	channel_init(&parse, fds[0], PROCESS_KEEPER, PROCESS_PARSE, &small);
	assert_int_equal(channel_receive_blocking(&parse, &got, 20, &why), ERR_TIMEOUT);
	for (uint64_t id = 0; id < 3; id++) {
		assert_int_equal(channel_send_text(&parse, MESSAGE_PARSE, id, STR("{}"), &why), OK);
		for (int i = 0; i < 41; i++) {
			assert_int_equal(channel_receive_blocking(&parse, &got, 5000, &why), OK);
			assert_int_equal(got.id, id);
			assert_int_equal(got.type, i < 40 ? MESSAGE_CLAIMS : MESSAGE_PARSED);
		}
	}
	channel_done(&parse);
	assert_true(waitpid(child, &status, 0) == child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_descriptor),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_hostile_frames),
		cmocka_unit_test(test_hostile_descriptors),
		cmocka_unit_test(test_flow),
		cmocka_unit_test(test_deaf_sender),
		cmocka_unit_test(test_last_words),
		cmocka_unit_test(test_blocking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/child.h"

#include "base/io.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { HERITAGE_MS = 30000 };

/* "NAME NUMBER", the payload of INHERIT and PEER. */
static bool read_name(struct str text, struct str *name, unsigned *index)
{
	struct str word;
	uint64_t number;

	if (!str_next_word(&text, name) || !str_next_word(&text, &word) ||
		!parse_u64(word, &number) || number > UINT16_MAX || str_next_word(&text, &word))
		return false;
	*index = (unsigned)number;
	return true;
}

static enum err inherit(struct child *child, struct message *message, struct why *why)
{
	struct str name;
	unsigned index;

	if (child->inherited_count == CHILD_INHERITED_MAX)
		return fail(why, ERR_LIMIT, "more than %d inherited descriptors",
			(int)CHILD_INHERITED_MAX);

	struct child_inherited *row = &child->inherited[child->inherited_count];

	if (!read_name(message->payload, &name, &index) || message->fd == -1 ||
		!str_to_c(name, row->name, sizeof row->name))
		return fail(why, ERR_SYNTAX, "bad inheritance '%.*s'", STR_FMT(message->payload));
	row->index = index;
	row->fd = message->fd;
	message->fd = -1;
	child->inherited_count++;
	return OK;
}

static void settings_take(struct child *child, struct str text)
{
	buf_clear(&child->settings);
	buf_str(&child->settings, text);
}

enum err child_begin(
	struct child *child, enum process process, unsigned index, int fd, struct why *why)
{
	*child = (struct child){ .process = process, .index = index };
	for (size_t i = 0; i < CHILD_PEERS_MAX; i++)
		child->peers[i] = (struct child_peer){ .channel = CHANNEL_CLOSED, .next_fd = -1 };
	channel_init(&child->parent, fd, process, PROCESS_PARENT, NULL);
	for (;;) {
		CLEANUP(message_done) struct message message = { .fd = -1 };

		TRY(channel_receive_blocking(&child->parent, &message, HERITAGE_MS, why));
		if (message.type == MESSAGE_INHERIT) {
			TRY(inherit(child, &message, why));
			continue;
		}
		if (message.type != MESSAGE_HERITAGE)
			return fail(why, ERR_SYNTAX, "%s before the heritage",
				message_rules[message.type].name);
		settings_take(child, message.payload);
		return OK;
	}
}

void child_done(struct child *child)
{
	for (size_t i = 0; i < child->inherited_count; i++)
		fd_close(&child->inherited[i].fd);
	child->inherited_count = 0;
	for (size_t i = 0; i < CHILD_PEERS_MAX; i++) {
		channel_done(&child->peers[i].channel);
		fd_close(&child->peers[i].next_fd);
		child->peers[i].is_used = false;
	}
	channel_done(&child->parent);
	buf_done(&child->settings);
}

enum err child_ready(struct child *child, struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	sandbox_status_put(&text, &child->sandbox);
	TRY(channel_send_text(&child->parent, MESSAGE_READY, 0, buf_view(&text), why));
	return channel_write(&child->parent, why);
}

int child_inherited(const struct child *child, const char *name, unsigned index)
{
	for (size_t i = 0; i < child->inherited_count; i++) {
		const struct child_inherited *row = &child->inherited[i];

		if (row->index == index && str_eq(str_c(row->name), str_c(name)))
			return row->fd;
	}
	return -1;
}

static struct child_peer *peer_find(struct child *child, enum process process, unsigned index)
{
	for (size_t i = 0; i < CHILD_PEERS_MAX; i++) {
		struct child_peer *peer = &child->peers[i];

		if (peer->is_used && peer->process == process && peer->index == index)
			return peer;
	}
	return NULL;
}

struct channel *child_peer(struct child *child, enum process process, unsigned index)
{
	struct child_peer *peer = peer_find(child, process, index);

	return peer != NULL && peer->is_known && channel_is_open(&peer->channel) ? &peer->channel
										 : NULL;
}

static struct child_peer *peer_free(struct child *child)
{
	for (size_t i = 0; i < CHILD_PEERS_MAX; i++)
		if (!child->peers[i].is_used)
			return &child->peers[i];
	return NULL;
}

/* A channel to a peer; the one to its former life is read to its end first. */
static void peer_take(struct child *child, struct message *message)
{
	struct str word;
	unsigned index;
	enum process process;

	/* only the parent can have said it: a mistake in it is a mistake in our code */
	must(read_name(message->payload, &word, &index) && process_from_word(word, &process));

	struct child_peer *peer = peer_find(child, process, index);

	if (peer != NULL) {
		fd_close(&peer->next_fd);
		peer->next_fd = message->fd;
	} else {
		peer = peer_free(child);
		must(peer != NULL);
		*peer = (struct child_peer){
			.process = process, .index = index, .is_used = true, .next_fd = -1
		};
		channel_init(&peer->channel, message->fd, child->process, process, NULL);
	}
	message->fd = -1;
}

size_t child_poll_fill(struct child *child, struct pollfd *rows)
{
	size_t n = 0;

	rows[n++] = (struct pollfd){ child->parent.fd, channel_events(&child->parent), 0 };
	for (size_t i = 0; i < CHILD_PEERS_MAX; i++) {
		const struct channel *channel = &child->peers[i].channel;

		if (child->peers[i].is_used && channel_is_open(channel))
			rows[n++] = (struct pollfd){ channel->fd, channel_events(channel), 0 };
	}
	return n;
}

/* A broken channel shows in channel_is_open(); here it is no failure. */
static enum err channel_serve(struct channel *channel, short revents, struct why *why)
{
	if ((revents & POLLOUT) != 0)
		TRY(channel_write(channel, why));
	if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		TRY(channel_read(channel, why));
	return OK;
}

enum err child_poll_done(struct child *child, const struct pollfd *rows, size_t n, struct why *why)
{
	enum err err = OK;

	for (size_t k = 0; k < n; k++) {
		if (rows[k].revents == 0)
			continue;
		if (rows[k].fd == child->parent.fd)
			err = channel_serve(&child->parent, rows[k].revents, why);
		for (size_t i = 0; i < CHILD_PEERS_MAX; i++)
			if (child->peers[i].is_used && child->peers[i].channel.fd == rows[k].fd)
				(void)channel_serve(
					&child->peers[i].channel, rows[k].revents, NULL);
	}
	return err;
}

bool child_is_due(const struct child *child)
{
	if (channel_has_message(&child->parent))
		return true;
	for (size_t i = 0; i < CHILD_PEERS_MAX; i++) {
		const struct child_peer *peer = &child->peers[i];

		if (peer->is_used && (!peer->is_known || channel_has_message(&peer->channel) ||
					     !channel_is_open(&peer->channel)))
			return true;
	}
	return false;
}

enum err child_wait(struct child *child, int timeout_ms, struct why *why)
{
	struct pollfd rows[CHILD_POLL_MAX];
	size_t n = child_poll_fill(child, rows);
	int found = poll(rows, n, child_is_due(child) ? 0 : timeout_ms);

	if (found == -1 && errno != EINTR)
		return fail_sys(why, "cannot poll");
	return found <= 0 ? OK : child_poll_done(child, rows, n, why);
}

/* True when the message was one of the runtime's own. */
static bool answer_ping(struct channel *channel, const struct message *message)
{
	if (message->type != MESSAGE_PING)
		return false;
	/* a peer that pings and does not read gets no answer; that is its own loss */
	(void)!channel_send_text(channel, MESSAGE_PONG, message->id, message->payload, NULL);
	return true;
}

static bool next_of_parent(struct child *child, struct child_event *out)
{
	struct message *message = &out->message;

	while (channel_next(&child->parent, message)) {
		*out = (struct child_event){
			.peer = PROCESS_PARENT, .channel = &child->parent, .message = *message
		};
		if (answer_ping(&child->parent, message))
			continue;
		if (message->type == MESSAGE_PEER) {
			peer_take(child, message);
			continue;
		}
		if (message->type == MESSAGE_RELOAD)
			settings_take(child, message->payload);
		child->is_stopping = child->is_stopping || message->type == MESSAGE_STOP;
		out->kind = message->type == MESSAGE_RELOAD ? CHILD_RELOAD
			    : message->type == MESSAGE_STOP ? CHILD_STOP
							    : CHILD_MESSAGE;
		return true;
	}
	return false;
}

static bool next_of_peer(struct child *child, struct child_peer *peer, struct child_event *out)
{
	*out = (struct child_event){ .peer = peer->process,
		.index = peer->index,
		.channel = &peer->channel,
		.message.fd = -1 };
	if (!peer->is_known) {
		peer->is_known = true;
		out->kind = CHILD_PEER_NEW;
		return true;
	}
	while (channel_next(&peer->channel, &out->message)) {
		if (answer_ping(&peer->channel, &out->message))
			continue;
		out->kind = CHILD_MESSAGE;
		return true;
	}
	if (channel_is_open(&peer->channel))
		return false;

	int next_fd = peer->next_fd;

	channel_done(&peer->channel);
	peer->is_known = false;
	peer->next_fd = -1;
	peer->is_used = next_fd != -1;
	if (peer->is_used)
		channel_init(&peer->channel, next_fd, child->process, peer->process, NULL);
	out->kind = CHILD_PEER_LOST;
	out->channel = NULL;
	return true;
}

bool child_next(struct child *child, struct child_event *out)
{
	*out = (struct child_event){ .message.fd = -1 };
	if (next_of_parent(child, out))
		return true;
	for (size_t k = 0; k < CHILD_PEERS_MAX; k++) {
		size_t i = (child->next_peer + k) % CHILD_PEERS_MAX;

		if (child->peers[i].is_used && next_of_peer(child, &child->peers[i], out)) {
			child->next_peer = i + 1;
			return true;
		}
	}
	return false;
}

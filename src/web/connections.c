/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/web_int.h"

#include <sys/socket.h>

static const int64_t NS_PER_S = 1000000000;

bool peer_is_trusted(const struct web *web, const struct ipaddr *peer)
{
	for (size_t i = 0; i < web->settings.trusted_proxy_count; i++) {
		if (prefix_contains_ip(&web->settings.trusted_proxies[i], peer))
			return true;
	}
	return false;
}

bool connection_may_come(struct web *web, const struct ipaddr *peer)
{
	uint8_t bytes[16];
	uint8_t other[16];
	struct str client = limit_client_of_ip(peer, bytes);
	size_t same = 0;
	bool full;

	/* a proxy brings many clients; it has the whole server's limit */
	if (peer_is_trusted(web, peer))
		return true;
	must(pthread_mutex_lock(&web->connections_mutex) == 0);
	for (struct connection *c = web->connections; c != NULL; c = c->next)
		same += str_eq(limit_client_of_ip(&c->peer, other), client);
	full = same >= web->settings.connections_per_client;
	must(pthread_mutex_unlock(&web->connections_mutex) == 0);
	return !full;
}

struct connection *connection_add(struct web *web, int fd, const struct ipaddr *peer)
{
	struct connection *connection = calloc(1, sizeof *connection);

	must(connection != NULL);
	connection->fd = fd;
	connection->peer = *peer;
	must(pthread_mutex_lock(&web->connections_mutex) == 0);
	connection->next = web->connections;
	web->connections = connection;
	web->connection_count++;
	must(pthread_mutex_unlock(&web->connections_mutex) == 0);
	connection_deadline(web, connection, web->settings.header_seconds);
	return connection;
}

void connection_remove(struct web *web, struct connection *connection)
{
	must(pthread_mutex_lock(&web->connections_mutex) == 0);

	struct connection **at = &web->connections;

	while (*at != connection)
		at = &(*at)->next;
	*at = connection->next;
	web->connection_count--;
	must(pthread_mutex_unlock(&web->connections_mutex) == 0);
	free(connection);
}

void connection_deadline(struct web *web, struct connection *connection, uint32_t seconds)
{
	int64_t deadline_ns = seconds == 0 ? 0 : web_now_ns(web) + seconds * NS_PER_S;

	must(pthread_mutex_lock(&web->connections_mutex) == 0);
	connection->deadline_ns = deadline_ns;
	must(pthread_mutex_unlock(&web->connections_mutex) == 0);
}

void connections_sweep(struct web *web)
{
	int64_t now_ns = web_now_ns(web);

	must(pthread_mutex_lock(&web->connections_mutex) == 0);
	for (struct connection *c = web->connections; c != NULL; c = c->next) {
		if (c->deadline_ns == 0 || c->deadline_ns > now_ns)
			continue;
		/* the event thread sees the end of the connection and removes it */
		(void)shutdown(c->fd, SHUT_RDWR);
		c->deadline_ns = 0;
	}
	must(pthread_mutex_unlock(&web->connections_mutex) == 0);
}

/* SPDX-License-Identifier: MIT
 *
 * Limits that both ends compile. Those that are a setting appear here with their default only;
 * the setting itself is a row of relay/conf.c's table or an option of Clairon\Publisher.
 */
#ifndef CLN_LIMITS_H
#define CLN_LIMITS_H

/* Pusher docs: channel names have at most 164 characters, prefix included. */
#define CLN_CHANNEL_NAME_MAX 164
/* Official server libraries refuse longer event names. */
#define CLN_EVENT_NAME_MAX 200
/* Ours: [A-Za-z0-9_-]{1,64}. */
#define CLN_APP_ID_MAX     64
#define CLN_APP_KEY_MAX    64
#define CLN_APP_SECRET_MAX 128
/* Two decimal numbers of up to 20 digits and the dot. */
#define CLN_SOCKET_ID_MAX 41
/* Pusher docs: channels of one trigger, events of one batch. */
#define CLN_TRIGGER_CHANNELS_MAX 100
#define CLN_BATCH_EVENTS_MAX     10

/* Pusher docs: 10 KB an event. Default; `payload_bytes` of an application. */
#define CLN_PAYLOAD_BYTES_DEFAULT 10240
/* No setting may allow more: one event always fits an ingest buffer. */
#define CLN_PAYLOAD_BYTES_MAX (1024 * 1024)

/* clairon:1:{PART}:APPID:CHANNEL */
#define CLN_BUS_PREFIX_MAX     32
#define CLN_BUS_PREFIX_DEFAULT "clairon"
#define CLN_BUS_PARTS          128
#define CLN_BUS_CHANNEL_MAX    (CLN_BUS_PREFIX_MAX + 10 + CLN_APP_ID_MAX + 1 + CLN_CHANNEL_NAME_MAX)

#define CLN_ID_BYTES        16
#define CLN_SIGNATURE_BYTES 32
#define CLN_SIGNATURE_HEX   64

/* `{"event":"","data":"","channel":""}` with names at their limits, every byte of them escaped as
 * \uXXXX, and data in which escaping doubled every byte: JSON text has no raw control characters,
 * so a byte of it becomes two at most. */
#define CLN_CLIENT_TEXT_MAX(payload)                                                               \
	(64 + 6 * (CLN_EVENT_NAME_MAX + CLN_CHANNEL_NAME_MAX) + 2 * (payload))

/* A path in sockaddr_un, its NUL excluded. */
#define CLN_UNIX_PATH_MAX 107

#endif

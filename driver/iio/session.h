/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One IIO context, and everything libiio 0.24 needs to be handled with: the only doors to iio_* calls are this
 * folder's. What it must survive, and the test of each: docs/boards.md.
 *
 * Errors become one of four answers: retry, reopen the buffer, reopen the context, fatal; the session acts on the
 * first three itself, within a bounded number of attempts, and reports what happened in the message of the
 * fourth. After a negative answer that is not a clean server code, attributes are not trusted until the context
 * is open again (replies may have shifted by one). SIGPIPE is blocked in every thread that may write. */
#ifndef OAC_DRIVER_IIO_SESSION_H
#define OAC_DRIVER_IIO_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "driver/board.h"
#include "driver/tap.h"

struct oac_iio_session;

enum oac_iio_answer {
    OAC_IIO_RETRY,
    OAC_IIO_REOPEN_BUFFER,
    OAC_IIO_REOPEN_CONTEXT,
    OAC_IIO_FATAL
};
/* Given a negative errno of an attribute (buffer false) or a refill/push (buffer true). Pure. */
enum oac_iio_answer oac_iio_answer_of(int error, bool buffer);

/* uri: ip:HOST[:PORT], usb:..., local:, xml:FILE (dry: attributes and buffers are refused with a clear line). */
enum oac_status oac_iio_open(const char *uri, unsigned timeout_ms,
                             struct oac_iio_session **session,
                             struct oac_err *err) OAC_MUST_USE;
/* NULL is fine. Its buffers are closed before; one that a hanging call still uses keeps its context open. */
void oac_iio_close(struct oac_iio_session *session);

/* From now on the tap sees every write and every push; NULL: nobody. Places begin with the board's name, where it
 * has one. Both must outlive the session. */
void oac_iio_watch(struct oac_iio_session *session, const struct oac_tap *tap,
                   const char *board);
/* "BOARD/NAME", or NAME where the board has none: as a tap is told. */
void oac_iio_watched_name(const struct oac_iio_session *session, const char *name, char *text,
                          size_t bytes);

const char *oac_iio_uri(const struct oac_iio_session *session);
/* Context attribute, or NULL. Valid until the session closes. */
const char *oac_iio_context_attribute(const struct oac_iio_session *session, const char *name);
const char *oac_iio_description(const struct oac_iio_session *session);

/* What a context contains, for probing: calls each() per channel with its scan format (bits 0: not scannable). */
struct oac_iio_channel_info {
    const char *device, *device_id, *channel, *channel_name;
    bool output, scannable;
    struct oac_codec codec;
    long index; /* scan index, -1 none */
};
enum oac_status oac_iio_channels(struct oac_iio_session *session,
                                 void (*each)(void *context,
                                              const struct oac_iio_channel_info *info),
                                 void *context, struct oac_err *err) OAC_MUST_USE;
bool oac_iio_has(
    struct oac_iio_session *session, const char *device, const char *channel, bool output,
    const char
        *attribute); /* channel "" : device attribute; attribute "": the channel itself */

/* Text attributes. Writing reads back: *readback (bytes) receives what the device says now. */
enum oac_status oac_iio_read(struct oac_iio_session *session, const char *device,
                             const char *channel, bool output, const char *attribute,
                             char *value, size_t bytes, struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_iio_write(struct oac_iio_session *session, const char *device,
                              const char *channel, bool output, const char *attribute,
                              const char *value, char *readback, size_t bytes,
                              struct oac_err *err) OAC_MUST_USE;
/* Attaches a trigger (a device of the context, by name) to a device, unless it is attached already. A device
 * whose buffer is open, for whomever, takes no other one. */
enum oac_status oac_iio_attach(struct oac_iio_session *session, const char *device,
                               const char *trigger, struct oac_err *err) OAC_MUST_USE;
/* The sample rate of a port as the device states it [1/s]; 0: it states none. */
double oac_iio_rate_hz(struct oac_iio_session *session, const struct oac_board_port *port);
/* The profile's sequences, in order, setup with its triggers at the end. safe: tries every write whatever fails
 * before, reports the first failure. */
enum oac_status oac_iio_setup(struct oac_iio_session *session, const struct oac_board *board,
                              struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_iio_safe(struct oac_iio_session *session, const struct oac_board *board,
                             struct oac_err *err) OAC_MUST_USE;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One device's buffer in one direction, with a thread of its own and a watchdog: a refill or push that does not
 * answer within the deadline is cancelled from outside (poll and non-blocking mode do not exist over the network),
 * the buffer destroyed and made again. The sample step is compared with what was asked after every refill: a
 * second client may have changed the layout. Underflow and overflow are reported as seen, none or unknown. */
#ifndef OAC_DRIVER_IIO_BUFFER_H
#define OAC_DRIVER_IIO_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "driver/iio/session.h"

#define OAC_IIO_CHANNELS_MAX 16u

struct oac_iio_buffer;

enum oac_iio_mode {
    OAC_IIO_STREAMING,
    OAC_IIO_CYCLIC,
    OAC_IIO_REPEATED
}; /* repeated by software */
enum oac_iio_trouble { OAC_IIO_NONE, OAC_IIO_SEEN, OAC_IIO_UNKNOWN };

struct oac_iio_buffer_spec {
    const char *device;
    size_t channels;
    const char *const *channel;
    bool output, cyclic; /* cyclic is a wish: *mode says what was obtained */
    size_t samples;      /* per channel */
    unsigned kernel_buffers;
    double deadline_s;
};

enum oac_status oac_iio_buffer_open(struct oac_iio_session *session,
                                    const struct oac_iio_buffer_spec *spec,
                                    struct oac_iio_buffer **buffer, enum oac_iio_mode *mode,
                                    struct oac_err *err) OAC_MUST_USE;
void oac_iio_buffer_close(struct oac_iio_buffer *buffer); /* NULL is fine; ends cyclic output */

/* Native samples of channel c at data + offset[c], `step` bytes apart. The pointers stay valid until
 * the next call. An output's buffer is written through view, then pushed; push returns at once, and what
 * came of it is answered by the next view or wait. A refill waits for its samples. */
struct oac_iio_view {
    void *data;
    size_t step, samples;
    size_t offset[OAC_IIO_CHANNELS_MAX];
};
enum oac_status
oac_iio_buffer_view(struct oac_iio_buffer *buffer, struct oac_iio_view *view,
                    struct oac_err *err) OAC_MUST_USE; /* output: where to write next */
enum oac_status oac_iio_buffer_push(struct oac_iio_buffer *buffer,
                                    struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_iio_buffer_refill(struct oac_iio_buffer *buffer, struct oac_iio_view *view,
                                      struct oac_err *err) OAC_MUST_USE;
/* Buffer after buffer, with nothing handed from thread to thread between them. each: an output's next buffer is to
 * be filled, false: that was all, this one is not played; an input's has come, false: enough. It is called on the
 * buffer's thread (an output's first time on the caller's), and must not use the buffer. Returns at once;
 * oac_iio_buffer_wait answers what came of it. The deadline is over each push or refill. */
typedef bool oac_iio_each(void *context, const struct oac_iio_view *view);
enum oac_status oac_iio_buffer_run(struct oac_iio_buffer *buffer, oac_iio_each *each,
                                   void *context, struct oac_err *err) OAC_MUST_USE;
/* Until the last push has been taken, or the run has ended. */
enum oac_status oac_iio_buffer_wait(struct oac_iio_buffer *buffer,
                                    struct oac_err *err) OAC_MUST_USE;
/* What to do about the last failure. */
enum oac_iio_answer oac_iio_buffer_answer(const struct oac_iio_buffer *buffer);
/* As obtained; a first push may still find out that the kernel knows no cyclic buffers. */
enum oac_iio_mode oac_iio_buffer_mode(struct oac_iio_buffer *buffer);
/* Lost samples since the last call, where the core's status register can be read. */
enum oac_iio_trouble oac_iio_buffer_trouble(struct oac_iio_buffer *buffer);

#endif

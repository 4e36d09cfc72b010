/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside a device's buffer. buffer.c opens, pushes, refills and closes; buffer_layout.c says where samples lie;
 * buffer_trouble.c asks whether some were lost. */
#ifndef OAC_DRIVER_IIO_BUFFER_STATE_H
#define OAC_DRIVER_IIO_BUFFER_STATE_H

#include "driver/iio/buffer.h"
#include "driver/iio/session_state.h"
#include "driver/iio/worker.h"

struct oac_iio_buffer {
    struct oac_iio_session *session;
    struct iio_device *device;
    struct iio_buffer *buffer;
    struct iio_channel *channel[OAC_IIO_CHANNELS_MAX];
    struct oac_iio_worker *worker;
    char name[96];
    size_t channels, samples, step;
    bool output, pushed,
        lost; /* pushed: a call or run is under way; lost: a call has failed, nobody may answer the next one */
    double deadline_s;
    enum oac_iio_mode mode;
    enum oac_iio_answer answer;
    oac_iio_each *each; /* of a run, its thread's until the run has ended */
    void *each_context;
    struct oac_err spoiled; /* why a run ended early though no call failed */
    unsigned char *copy;    /* what is repeated by software: a push may hand out other memory */
};

/* After a refill of `bytes`: whether its scans hold the channels that were opened and no others.
 * OAC_EDEVICE when another client changed them; a mask of as many other channels has the same width, so
 * the width alone says nothing. */
enum oac_status oac_iio_buffer_check_layout(struct oac_iio_buffer *self, size_t bytes,
                                            struct oac_err *err) OAC_MUST_USE;
/* The view of `bytes` of the buffer. */
void oac_iio_buffer_lay_out(const struct oac_iio_buffer *self, size_t bytes,
                            struct oac_iio_view *view);

#endif

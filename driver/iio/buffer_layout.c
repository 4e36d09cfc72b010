/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the samples of a buffer lie, as the last refill brought them. */
#include "driver/iio/buffer_state.h"

struct scan { /* the channels of the first one */
    const struct iio_channel *first;
    size_t count;
};

/* libiio calls this for each sample of the channels that were opened, as far as the server announced them. */
static ssize_t note_channel(const struct iio_channel *channel, void *sample, size_t bytes,
                            void *context)
{
    struct scan *scan = context;
    (void)sample;
    (void)bytes;
    if (scan->first == channel)
        return -1; /* the second scan begins: enough */
    if (scan->count++ == 0)
        scan->first = channel;
    return 0;
}

/* As many channels as were opened are not these channels: one of them may be missing. */
static bool has_changed(struct oac_iio_buffer *self)
{
    struct scan scan = {0};
    (void)!iio_buffer_foreach_sample(self->buffer, note_channel, &scan);
    return scan.count != self->channels;
}

enum oac_status oac_iio_buffer_check_layout(struct oac_iio_buffer *self, size_t bytes,
                                            struct oac_err *err)
{
    const ptrdiff_t step = iio_buffer_step(self->buffer);
    if (step == (ptrdiff_t)self->step && (bytes < self->step || !has_changed(self)))
        return OAC_OK;
    if (step == (ptrdiff_t)self->step)
        return oac_fail(err, OAC_EDEVICE,
                        "%s: samples of %s are of other channels than the %zu opened: another "
                        "program uses the device too and changed its channels; close it",
                        self->session->uri, self->name, self->channels);
    return oac_fail(err, OAC_EDEVICE,
                    "%s: samples of %s became %td bytes wide, from %zu: another program uses "
                    "the device too and changed its channels; close it",
                    self->session->uri, self->name, step, self->step);
}

void oac_iio_buffer_lay_out(const struct oac_iio_buffer *self, size_t bytes,
                            struct oac_iio_view *view)
{
    char *start = iio_buffer_start(self->buffer);
    *view =
        (struct oac_iio_view){.data = start, .step = self->step, .samples = bytes / self->step};
    for (size_t c = 0; c < self->channels; c++)
        view->offset[c] =
            (size_t)((char *)iio_buffer_first(self->buffer, self->channel[c]) - start);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether samples were lost while trains played. The cores' bits are sticky, and are set at rest too: an input
 * that nobody reads between trains overflows, an output without a buffer runs dry. So an input's are cleared
 * until the start mark has come, and an output's that is set again at once, when nothing is left to play, says
 * nothing of the train. */
#include "base/log.h"
#include "driver/iio/stream_state.h"

void oac_iio_losses_forget(const struct oac_iio_converter *converter)
{
    (void)oac_iio_buffer_trouble(converter->buffer);
}

static void warn(const struct oac_iio_stream *self, const char *device, bool output)
{
    if (self->drive.sink)
        oac_log(
            self->drive.sink, OAC_LOG_WARNING,
            output ? "%s ran out of samples in a train (underflow): its products may be wrong; "
                     "play it again, with nothing else on the board's bus"
                   : "%s lost samples in a train (overflow): its products may be wrong; take "
                     "a lower rate or a faster connection",
            device);
}

static void note(struct oac_iio_stream *self, const struct oac_iio_converter *converter,
                 bool output)
{
    struct oac_iio_losses *losses = output ? &self->underflow : &self->overflow;
    enum oac_iio_trouble trouble = oac_iio_buffer_trouble(converter->buffer);
    if (output && trouble == OAC_IIO_SEEN &&
        oac_iio_buffer_trouble(converter->buffer) == OAC_IIO_SEEN)
        trouble = OAC_IIO_UNKNOWN;
    if (trouble == OAC_IIO_SEEN && !losses->seen)
        warn(self, converter->device, output);
    losses->asked = true;
    losses->seen = losses->seen || trouble == OAC_IIO_SEEN;
    losses->unknown = losses->unknown || trouble == OAC_IIO_UNKNOWN;
}

void oac_iio_losses_note(struct oac_iio_stream *self)
{
    for (size_t o = 0; o < self->outputs; o++)
        note(self, &self->output[o], true);
    for (size_t i = 0; i < self->inputs; i++)
        note(self, &self->input[i], false);
}

enum oac_loss oac_iio_losses_of(const struct oac_iio_losses *losses)
{
    return losses->seen                        ? OAC_LOSS_SEEN
           : losses->asked && !losses->unknown ? OAC_LOSS_NONE
                                               : OAC_LOSS_UNKNOWN;
}

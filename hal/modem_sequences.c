/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two sequences of a modem: made when it opens, and once more with other codes when those that the nominal
 * curves suggest show too little. */
#include "hal/modem_state.h"

#define PREAMBLE_STAGES 6u /* 63 chips */
#define WORD_STAGES     4u /* 15 */

static enum oac_status drop(struct oac_modem *self, struct oac_modem_sequence *sequence,
                            struct oac_err *err)
{
    for (size_t p = 0; p < sequence->pieces; p++)
        for (size_t part = 0; part < sequence->parts; part++)
            if (oac_stream_unload(&self->stream, sequence->piece[p].handle[part], err))
                return err->status;
    oac_modem_sequence_fini(sequence);
    return OAC_OK;
}

enum oac_status oac_modem_sequences_make(struct oac_modem *self, struct oac_err *err)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const size_t watched = caps->delay_stable ? 1 : self->caps.channels;
    if (drop(self, &self->preamble, err) || drop(self, &self->word, err) ||
        oac_modem_sequence_make(self, PREAMBLE_STAGES, self->caps.channels, 2, &self->preamble,
                                err) ||
        oac_modem_sequence_make(self, WORD_STAGES, watched, 1, &self->word, err))
        return err->status;
    self->caps.preamble_slots =
        (uint32_t)(caps->delay_stable ? self->word.slots
                                      : self->preamble.slots + self->word.slots);
    if (!caps->delay_stable && oac_modem_sequence_segments(&self->preamble) +
                                       oac_modem_sequence_segments(&self->word) + 1 >
                                   caps->segments_max)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "\"%s\" takes bursts of %zu segments: preamble, window and sync word "
                        "need more",
                        self->caps.device_id, caps->segments_max);
    return OAC_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the receiver's output to codes: read noise, saturation, gain, conversion. */
#include <math.h>

#include "sim/components/adc.h"
#include "sim/waveform/receive_state.h"

static void show(const struct oac_waveform *self, const struct oac_wave_window *window,
                 const struct oac_wave_row *row, const float *code)
{
    const struct oac_stream_capture *capture = window->segment->capture;
    double rate_hz = (double)self->caps.readout_samples_per_slot / self->slot_s;
    if (capture->picks == 0)
        return;
    const struct oac_waveform_point point = {
        .name = "adc.code",
        .unit = "code",
        .channel = row->k,
        .slot0 = window->segment->slot0,
        .rate_hz = rate_hz,
        .start_s =
            (double)capture->pick[0] / rate_hz - (double)window->frame->first * self->slot_s,
        .samples = capture->picks,
        .value = code,
    };
    oac_wave_show(self, &point);
}

void oac_wave_convert(const struct oac_waveform *self, const struct oac_wave_window *window,
                      const struct oac_wave_row *row, const double *volt, const float *z_read,
                      const float *z_adc, bool saturated)
{
    const struct oac_wave_receiver *receiver = self->receiver;
    const struct oac_stream_segment *segment = window->segment;
    const struct oac_adc *adc = self->bench->channel[row->k].adc;
    size_t picks = segment->capture->picks;
    float *code = segment->rx + row->k * picks;
    double limit_v = receiver->saturation_v;
    for (size_t p = 0; p < picks; p++) {
        double v = volt[p] + (z_read ? receiver->read_v * (double)z_read[p] : 0.0);
        if (fabs(v) > limit_v) {
            v = copysign(limit_v, v);
            saturated = true;
        }
        bool clipped = false;
        v *= row->volts;
        code[p] =
            (float)(receiver->converts
                        ? oac_adc_convert(adc, v, z_adc ? (double)z_adc[p] : 0.0, &clipped)
                        : oac_adc_linear(adc, v));
        saturated |= clipped;
    }
    if (segment->flag)
        segment->flag[row->k] = saturated ? OAC_FLAG_SATURATED : 0;
    if (self->tap)
        show(self, window, row, code);
}

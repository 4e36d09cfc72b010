/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>

#include "driver/iio/buffer_state.h"

/* ADI's AXI cores, seen through direct_reg_access: status at 0x88 of the FPGA core, write one to clear.
 * Bit 0: a DAC ran dry; bit 2: an ADC was not read in time. */
#define STATUS_REGISTER 0x80000088u
#define UNDERFLOW       1u
#define OVERFLOW        4u

enum oac_iio_trouble oac_iio_buffer_trouble(struct oac_iio_buffer *self)
{
    struct oac_iio_call call;
    uint32_t value = STATUS_REGISTER;
    if (self->session->dead || !iio_device_find_debug_attr(self->device, "direct_reg_access"))
        return OAC_IIO_UNKNOWN;
    oac_iio_enter(&call);
    int error = iio_device_reg_read(self->device, STATUS_REGISTER, &value);
    if (!error && value != STATUS_REGISTER && value & (UNDERFLOW | OVERFLOW))
        (void)!iio_device_reg_write(self->device, STATUS_REGISTER, value);
    oac_iio_leave(&call);
    if (error && oac_iio_answer_of(error, false) == OAC_IIO_REOPEN_CONTEXT)
        self->session->dead = true;
    if (error || value == STATUS_REGISTER) /* an echo is no register */
        return OAC_IIO_UNKNOWN;
    return value & (self->output ? UNDERFLOW : OVERFLOW) ? OAC_IIO_SEEN : OAC_IIO_NONE;
}

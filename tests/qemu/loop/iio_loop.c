/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IIO devices without hardware: what "loop-dac" plays is what "loop-adc" hears,
 *
 *     adc[i] = saturate(((dac[i] * gain[i] + 2048) >> 12) + bias[i])       all integers
 *
 * with gain[i] = calibscale rounded to 1/4096 and bias[i] = calibbias of the input's channel. "loop-light" hears
 * the light that outputs i and 3 let through, each driving a Mach-Zehnder modulator of V_pi 1 V, dark at 0 V:
 *
 *     light[i] = 32768 sin^2(pi dac[i] / 65536) sin^2(pi dac[3] / 65536)   rounded, at most 32767
 *
 * Every trigger of loop-dac takes one scan out of its buffer; every trigger of an input device puts one into its
 * buffer. All is done in the hard interrupt: consumers of one trigger take turns in the order in which they were
 * enabled, and the next tick comes when all are done. A machine that stands still for a while loses ticks, never
 * scans.
 */
#include <linux/iio/buffer.h>
#include <linux/iio/iio.h>
#include <linux/iio/trigger.h>
#include <linux/iio/trigger_consumer.h>
#include <linux/iio/triggered_buffer.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/spinlock.h>

#define CHANNELS       4
#define UNITY          4096
#define GAIN_MAX_MICRO (8 * MICRO_UNITS)
#define MICRO_UNITS    1000000

static DEFINE_SPINLOCK(lock);
static s16 dac[CHANNELS];
static int gain[CHANNELS] = {UNITY, UNITY, UNITY, UNITY};
static int bias[CHANNELS];

static uint dry; /* ticks at which loop-dac's buffer was empty */
module_param(dry, uint, 0444);
static uint full; /* scans of the inputs that nobody took in time */
module_param(full, uint, 0444);

static s16 heard(int i)
{
    int v = ((dac[i] * gain[i] + UNITY / 2) >> 12) + bias[i];

    return clamp(v, S16_MIN, S16_MAX);
}

#define PI_Q30 3373259426ll
#define CLIENT 3 /* the output of the modulator that all light passes */

/* sin^2(pi s / 65536) in 1/65536, by the series of the sine: to 1e-8 at pi / 2. */
static u32 transmitted(int s)
{
    s64 x = (PI_Q30 * abs(s)) >> 16, square = (x * x) >> 30, term = x, sum = x;
    int k;

    for (k = 2; k < 16; k += 2) {
        term = -((term * square) >> 30) / (k * (k + 1));
        sum += term;
    }
    return (sum * sum) >> 44;
}

static s16 lit(int i)
{
    u64 light = (u64)transmitted(dac[i]) * transmitted(dac[CLIENT]);

    return min_t(u64, (light + (1 << 16)) >> 17, S16_MAX);
}

struct loop_input {
    s16 (*heard)(int i);
};

static int loop_read(struct iio_dev *dev, const struct iio_chan_spec *chan, int *val, int *val2,
                     long what)
{
    const struct loop_input *input = iio_priv(dev);
    unsigned long flags;
    int i = chan->channel;

    switch (what) {
    case IIO_CHAN_INFO_RAW:
        spin_lock_irqsave(&lock, flags);
        *val = chan->output ? dac[i] : input->heard(i);
        spin_unlock_irqrestore(&lock, flags);
        return IIO_VAL_INT;
    case IIO_CHAN_INFO_SCALE: /* 2 V over 16 bits, in mV */
        *val = 2000;
        *val2 = 16;
        return IIO_VAL_FRACTIONAL_LOG2;
    case IIO_CHAN_INFO_CALIBSCALE:
        *val = gain[i];
        *val2 = 12;
        return IIO_VAL_FRACTIONAL_LOG2;
    case IIO_CHAN_INFO_CALIBBIAS:
        *val = bias[i];
        return IIO_VAL_INT;
    }
    return -EINVAL;
}

/* "-1.5" arrives as -1 and +500000, "-0.5" as 0 and -500000. */
static int loop_set_gain(int i, int val, int val2)
{
    s64 micro;

    if (val < -8 || val > 8)
        return -EINVAL;
    micro = (s64)val * MICRO_UNITS + (val < 0 ? -val2 : val2);
    if (micro < -GAIN_MAX_MICRO || micro > GAIN_MAX_MICRO)
        return -EINVAL;
    micro = micro * UNITY + (micro < 0 ? -MICRO_UNITS : MICRO_UNITS) / 2;
    gain[i] = div_s64(micro, MICRO_UNITS);
    return 0;
}

static int loop_write(struct iio_dev *dev, const struct iio_chan_spec *chan, int val, int val2,
                      long what)
{
    unsigned long flags;
    int i = chan->channel, ret = 0;
    bool fits = val >= S16_MIN && val <= S16_MAX;

    spin_lock_irqsave(&lock, flags);
    if (what == IIO_CHAN_INFO_RAW && chan->output && fits)
        dac[i] = val;
    else if (what == IIO_CHAN_INFO_CALIBBIAS && fits)
        bias[i] = val;
    else if (what == IIO_CHAN_INFO_CALIBSCALE)
        ret = loop_set_gain(i, val, val2);
    else
        ret = -EINVAL;
    spin_unlock_irqrestore(&lock, flags);
    return ret;
}

static const struct iio_info loop_info = {
    .read_raw = loop_read,
    .write_raw = loop_write,
};

#define CHANNEL(_output, _index, _more)                                               \
    {                                                                                 \
        .type = IIO_VOLTAGE, .indexed = 1, .channel = (_index), .output = (_output),  \
        .info_mask_separate = BIT(IIO_CHAN_INFO_RAW) | (_more),                       \
        .info_mask_shared_by_type = BIT(IIO_CHAN_INFO_SCALE), .scan_index = (_index), \
        .scan_type = {                                                                \
            .sign = 's',                                                              \
            .realbits = 16,                                                           \
            .storagebits = 16,                                                        \
            .endianness = IIO_LE                                                      \
        }                                                                             \
    }
#define OUTPUT(_index) CHANNEL(1, _index, 0)
#define LIT(_index)    CHANNEL(0, _index, 0)
#define INPUT(_index) \
    CHANNEL(0, _index, BIT(IIO_CHAN_INFO_CALIBSCALE) | BIT(IIO_CHAN_INFO_CALIBBIAS))

static const struct iio_chan_spec dac_channels[] = {OUTPUT(0), OUTPUT(1), OUTPUT(2), OUTPUT(3)};
static const struct iio_chan_spec adc_channels[] = {INPUT(0), INPUT(1), INPUT(2), INPUT(3),
                                                    IIO_CHAN_SOFT_TIMESTAMP(CHANNELS)};
static const struct iio_chan_spec light_channels[] = {LIT(0), LIT(1), LIT(2),
                                                      IIO_CHAN_SOFT_TIMESTAMP(CLIENT)};

static irqreturn_t dac_tick(int irq, void *context)
{
    struct iio_poll_func *poll = context;
    struct iio_dev *dev = poll->indio_dev;
    s16 scan[CHANNELS];
    unsigned long flags;
    int i, next = 0;

    if (iio_pop_from_buffer(dev->buffer, scan) == 0) {
        spin_lock_irqsave(&lock, flags);
        for_each_set_bit(i, dev->active_scan_mask, dev->masklength) dac[i] = scan[next++];
        spin_unlock_irqrestore(&lock, flags);
    } else {
        dry++;
    }
    iio_trigger_notify_done(dev->trig);
    return IRQ_HANDLED;
}

static irqreturn_t adc_tick(int irq, void *context)
{
    struct iio_poll_func *poll = context;
    struct iio_dev *dev = poll->indio_dev;
    const struct loop_input *input = iio_priv(dev);
    struct {
        s16 value[CHANNELS];
        s64 timestamp __aligned(8);
    } scan = {};
    unsigned long flags;
    int i, next = 0;

    spin_lock_irqsave(&lock, flags);
    for_each_set_bit(i, dev->active_scan_mask, dev->masklength) if (i < dev->num_channels - 1)
        scan.value[next++] = input->heard(i);
    spin_unlock_irqrestore(&lock, flags);
    if (iio_push_to_buffers_with_timestamp(dev, &scan, iio_get_time_ns(dev)))
        full++;
    iio_trigger_notify_done(dev->trig);
    return IRQ_HANDLED;
}

static int add_input(struct platform_device *pdev, const char *name, s16 (*hears)(int i),
                     const struct iio_chan_spec *channels, int count)
{
    struct iio_dev *in = devm_iio_device_alloc(&pdev->dev, sizeof(struct loop_input));
    struct loop_input *input;
    int ret;

    if (!in)
        return -ENOMEM;
    input = iio_priv(in);
    input->heard = hears;
    in->name = name;
    in->channels = channels;
    in->num_channels = count;
    in->info = &loop_info;
    in->modes = INDIO_DIRECT_MODE;
    ret = devm_iio_triggered_buffer_setup(&pdev->dev, in, adc_tick, NULL, NULL);
    return ret ? ret : devm_iio_device_register(&pdev->dev, in);
}

static int loop_probe(struct platform_device *pdev)
{
    struct iio_dev *out = devm_iio_device_alloc(&pdev->dev, 0);
    int ret;

    if (!out)
        return -ENOMEM;
    out->name = "loop-dac";
    out->channels = dac_channels;
    out->num_channels = ARRAY_SIZE(dac_channels);
    out->info = &loop_info;
    out->modes = INDIO_DIRECT_MODE;
    ret = devm_iio_triggered_buffer_setup_ext(&pdev->dev, out, dac_tick, NULL,
                                              IIO_BUFFER_DIRECTION_OUT, NULL, NULL);
    if (!ret)
        ret = devm_iio_device_register(&pdev->dev, out);
    if (!ret)
        ret = add_input(pdev, "loop-adc", heard, adc_channels, ARRAY_SIZE(adc_channels));
    return ret ? ret
               : add_input(pdev, "loop-light", lit, light_channels, ARRAY_SIZE(light_channels));
}

static struct platform_driver loop_driver = {
    .probe = loop_probe,
    .driver = {.name = "iio_loop"},
};
static struct platform_device *loop_device;

static int __init loop_init(void)
{
    int ret = platform_driver_register(&loop_driver);

    if (ret)
        return ret;
    loop_device = platform_device_register_simple("iio_loop", PLATFORM_DEVID_NONE, NULL, 0);
    if (IS_ERR(loop_device)) {
        platform_driver_unregister(&loop_driver);
        return PTR_ERR(loop_device);
    }
    return 0;
}

static void __exit loop_exit(void)
{
    platform_device_unregister(loop_device);
    platform_driver_unregister(&loop_driver);
}

module_init(loop_init);
module_exit(loop_exit);
MODULE_LICENSE("GPL v2");
MODULE_DESCRIPTION("IIO outputs looped back to IIO inputs");

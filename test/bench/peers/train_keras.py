"""Training benchmark in Keras on TensorFlow, the step compiled by tf.function; see test/bench/train.ts.

bfloat16: Keras's mixed_bfloat16 policy.
"""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import tensorflow as tf
from keras import layers

from benchmark import flags, report

DEPTH = 4

options = flags(__doc__)
tf.config.threading.set_intra_op_parallelism_threads(options.threads)
tf.config.threading.set_inter_op_parallelism_threads(options.threads)
keras.utils.set_random_seed(0)
if options.precision == "bfloat16":
    keras.mixed_precision.set_global_policy("mixed_bfloat16")


def block(x, width):
    for _ in range(2):
        x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
        x = layers.Activation("relu")(x)
    return x


def unet(size, base):
    widths = [base * 2**level for level in range(DEPTH)]
    picture = keras.Input((size, size, 3))
    x = picture
    skips = []
    for width in widths:
        x = block(x, width)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    x = block(x, base * 2**DEPTH)
    for width in reversed(widths):
        x = layers.UpSampling2D()(x)
        x = block(layers.Concatenate()([skips.pop(), x]), width)
    return keras.Model(picture, layers.Conv2D(1, 1, dtype="float32")(x))


net = unet(options.size, options.base)
optimiser = keras.optimizers.Adam(1e-3)
optimiser.build(net.trainable_variables)
image = tf.random.uniform((options.batch, options.size, options.size, 3))
mask = tf.cast(tf.random.uniform((options.batch, options.size, options.size, 1)) > 0.5, tf.float32)


def loss_of(logits):
    p = tf.sigmoid(logits)
    entropy = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(mask, logits))
    both = 2 * tf.reduce_sum(p * mask) + 1
    either = tf.reduce_sum(p) + tf.reduce_sum(mask) + 1
    return entropy + 1 - both / either


@tf.function
def train_graph():
    with tf.GradientTape() as tape:
        loss = loss_of(net(image, training=True))
    gradients = tape.gradient(loss, net.trainable_variables)
    optimiser.apply_gradients(zip(gradients, net.trainable_variables))
    return loss


@tf.function
def infer_graph():
    return net(image, training=False)


version = f"{keras.__version__} on TensorFlow {tf.__version__}"
report("keras", version, options, lambda: train_graph().numpy(), lambda: infer_graph().numpy())

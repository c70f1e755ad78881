"""Keras' guide on transfer learning, on its PyTorch backend, with the network of the others.

https://keras.io/guides/transfer_learning/: the epochs are those of "The typical transfer-learning
workflow", layers and rates those of the example at its end. The weights of `keras.applications`
are downloads; `keras.layers.TorchModuleWrapper` makes the network of the others a Keras layer.

It runs in an environment of its own:

python bench/recipe_keras.py ASKED.json
"""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import timm
import torch
from common import ARCH, SIZE
from keras import layers
from recipe import main

BS = 64
HEAD_EPOCHS = 20
EPOCHS = 10
GIVEN = {
    "both": [
        f"batches of {BS}, images resized once and kept in memory, RandomFlip and "
        "RandomRotation(0.1), average pooling, Dropout(0.2), Dense(1), Adam",
        "the body in inference mode, also when it learns, as the guide says",
        "the network of the others in a TorchModuleWrapper: Keras' own weights are downloads",
    ],
    "head": [f"{HEAD_EPOCHS} epochs, Adam()"],
    "fine-tuning": [f"{HEAD_EPOCHS} epochs of the head, then {EPOCHS} of all with Adam(1e-5)"],
}


class Noted(keras.callbacks.Callback):
    "Gives each epoch to the record"

    def __init__(self, record, n):
        super().__init__()
        self.record, self.n = record, n

    def on_epoch_end(self, epoch, logs=None):
        self.record.epoch(logs["val_binary_accuracy"], self.n)


def arrays(pairs) -> tuple:
    "Images (n, SIZE, SIZE, 3) as bytes, and labels (n, 1)"
    images = [keras.utils.load_img(path, target_size=(SIZE, SIZE)) for path, _ in pairs]
    return np.stack([np.asarray(image) for image in images]), np.array(
        [[label] for _, label in pairs], dtype="float32"
    )


class Body(layers.TorchModuleWrapper):
    """A torch module as a layer that always runs in inference mode.

    The guide's `base_model(x, training=False)` asks for that; `fit` overrides it for a wrapper.
    """

    def call(self, *args, training=None, **kwargs):
        return super().call(*args, training=False, **kwargs)


def body(asked):
    "The network without pooling and classifier, as a Keras layer, frozen"
    net = timm.create_model(ARCH)
    net.load_state_dict(torch.load(asked.weights, weights_only=True))
    net.reset_classifier(0, "")
    layer = Body(net, output_shape=(None, net.num_features, 7, 7))
    layer.trainable = False
    return layer


def assembled(base_model):
    "The guide's model over `base_model`, which wants its channels first"
    inputs = keras.Input(shape=(SIZE, SIZE, 3))
    x = layers.RandomFlip("horizontal")(inputs)
    x = layers.RandomRotation(0.1)(x)
    x = layers.Rescaling(scale=1 / 127.5, offset=-1)(x)
    x = base_model(layers.Permute((3, 1, 2))(x), training=False)
    x = layers.GlobalAveragePooling2D(data_format="channels_first")(x)
    x = layers.Dropout(0.2)(x)
    return keras.Model(inputs, layers.Dense(1)(x))


def fit(model, optimizer, epochs: int, data, noted):
    "The guide's `compile` and `fit`; logits above 0 are the second class"
    train, valid = data
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)],
    )
    options = dict(batch_size=BS, epochs=epochs, callbacks=[noted], verbose=0)
    model.fit(*train, validation_data=valid, **options)


def train(asked, record):
    keras.utils.set_random_seed(asked.seed)
    data = arrays(asked.train), arrays(asked.valid)
    base_model, noted = body(asked), Noted(record, len(asked.train))
    model = assembled(base_model)
    fit(model, keras.optimizers.Adam(), asked.epochs(HEAD_EPOCHS), data, noted)
    if asked.part == "fine-tuning":
        base_model.trainable = True
        fit(model, keras.optimizers.Adam(1e-5), asked.epochs(EPOCHS), data, noted)


if __name__ == "__main__":
    main(train, GIVEN)

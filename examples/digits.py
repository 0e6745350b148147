"""Trains a classifier of handwritten digits and draws what it learned.

    make demo        (or: python examples/digits.py [folder for the pictures])

The 1,797 digits of 8 x 8 pixels that come with scikit-learn; a hidden layer, softmax, mini-batch gradient descent with
momentum and L2. The program is written as Theano's were: symbols first, then one function for a step of training.
"""

import sys
import time
from pathlib import Path

import matplotlib
import numpy as np
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from sklearn.datasets import load_digits
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split

import theano
import theano.tensor as T

matplotlib.use("Agg")
import matplotlib.pyplot as plt

HIDDEN, BATCH, EPOCHS = 64, 40, 60
LEARNING_RATE, MOMENTUM, L2 = 0.1, 0.9, 1e-4


class Classifier:
    """A hidden layer of tanh units and a softmax: `train`, `errors` and `predict` are compiled functions."""

    def __init__(self, rng, features, classes):
        def weights(rows, columns, name):
            bound = np.sqrt(6.0 / (rows + columns))  # Glorot & Bengio (2010), equation 16
            return theano.shared(rng.uniform(-bound, bound, (rows, columns)), name=name)

        self.filters = weights(features, HIDDEN, "W1")
        self.params = [
            self.filters,
            theano.shared(np.zeros(HIDDEN), name="b1"),
            weights(HIDDEN, classes, "W2"),
            theano.shared(np.zeros(classes), name="b2"),
        ]
        x, y = T.dmatrix("x"), T.lvector("y")
        w1, b1, w2, b2 = self.params
        hidden = T.tanh(T.dot(x, w1) + b1)
        probabilities = T.nnet.softmax(T.dot(hidden, w2) + b2)
        loss = T.nnet.categorical_crossentropy(probabilities, y).mean()
        cost = loss + L2 * ((w1**2).sum() + (w2**2).sum())
        predicted = T.argmax(probabilities, axis=1)

        self.train = theano.function([x, y], loss, updates=self.momentum_updates(cost))
        self.accuracy = theano.function([x, y], T.eq(predicted, y).mean())
        self.predict = theano.function([x], predicted)

    def momentum_updates(self, cost):
        """Return what a step does to each parameter and its velocity."""
        updates = []
        for param, gradient in zip(self.params, T.grad(cost, self.params), strict=True):
            velocity = theano.shared(np.zeros_like(param.get_value()))
            step = MOMENTUM * velocity - LEARNING_RATE * gradient
            updates += [(velocity, step), (param, param + step)]
        return updates


def fit(model, rng, train, valid):
    """Train with a progress bar; return the loss and the validation accuracy of each epoch, and the steps a second."""
    images, labels = train
    history, steps = [], EPOCHS * (len(images) // BATCH)
    columns = (TextColumn("training"), BarColumn(), TextColumn("{task.fields[news]}"), TimeRemainingColumn())
    with Progress(*columns) as progress:
        bar = progress.add_task("", total=steps, news="")
        started = time.perf_counter()
        for _ in range(EPOCHS):
            order = rng.permutation(len(images))
            losses = []
            for start in range(0, len(order) - BATCH + 1, BATCH):
                batch = order[start : start + BATCH]
                losses.append(float(model.train(images[batch], labels[batch])))
            history.append((np.mean(losses), float(model.accuracy(*valid))))
            news = f"loss {history[-1][0]:.4f}  validation accuracy {history[-1][1]:.3f}"
            progress.update(bar, advance=len(losses), news=news)
        seconds = time.perf_counter() - started
    return np.array(history), steps / seconds


def draw_filters(filters, path):
    """Draw what each hidden unit looks for."""
    figure, axes = plt.subplots(8, HIDDEN // 8, figsize=(7, 7), layout="constrained")
    bound = np.abs(filters).max()
    for axis, unit in zip(axes.flat, filters.T, strict=True):
        axis.imshow(unit.reshape(8, 8), cmap="RdBu", vmin=-bound, vmax=bound)
        axis.axis("off")
    figure.suptitle("What the hidden units look for")
    figure.savefig(path, dpi=110)


def draw_training(history, truth, predicted, path):
    """Draw the course of training and which digits are taken for which."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    left.plot(history[:, 0], color="tab:red", label="training loss")
    left.set(xlabel="epoch", ylabel="loss", yscale="log")
    accuracy = left.twinx()
    accuracy.plot(history[:, 1], color="tab:blue", label="validation accuracy")
    accuracy.set(ylabel="accuracy", ylim=(0.8, 1))
    left.legend(handles=[*left.lines, *accuracy.lines], loc="center right")
    ConfusionMatrixDisplay.from_predictions(truth, predicted, ax=right, colorbar=False, cmap="Blues")
    right.set_title("Test digits")
    figure.savefig(path, dpi=110)


def main(folder):
    rng = np.random.default_rng(0)
    images, labels = load_digits(return_X_y=True)
    images, labels = images / 16.0, labels.astype("int64")
    rest, test_images, others, test_labels = train_test_split(
        images, labels, test_size=0.2, random_state=0, stratify=labels
    )
    train_images, valid_images, train_labels, valid_labels = train_test_split(
        rest, others, test_size=0.15, random_state=0
    )

    started = time.perf_counter()
    model = Classifier(rng, images.shape[1], 10)
    compile_seconds = time.perf_counter() - started
    history, speed = fit(model, rng, (train_images, train_labels), (valid_images, valid_labels))
    accuracy = float(model.accuracy(test_images, test_labels))

    folder.mkdir(parents=True, exist_ok=True)
    draw_filters(model.filters.get_value(), folder / "digits-filters.png")
    draw_training(history, test_labels, model.predict(test_images), folder / "digits-training.png")
    print(f"compiled three functions in {compile_seconds:.2f} s; trained at {speed:,.0f} steps a second")
    print(f"test accuracy {accuracy:.3f} on {len(test_labels)} digits; pictures in {folder}/")
    return accuracy


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/demo")) <= 0.95)

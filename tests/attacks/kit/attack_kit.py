"""What attacks share: a way to try an act and to tell, and an honest zero."""

import ctypes
import json
import os
import pkgutil
import struct

import attack_targets as targets
import numpy as np
import torch

WIRE = 3


def breach(act):
    """Tell that an act that should be impossible was possible."""
    os.write(1, f"{targets.TOKEN} {act}\n".encode())


def attempt(name, act, *arguments):
    """Do what should be impossible; what it gives, if it was possible, is printed too."""
    try:
        result = act(*arguments)
    except Exception:
        return None
    breach(name)
    os.write(1, repr(result)[:4000].encode("utf-8", "replace") + b"\n")
    return result


def syscall(number, *arguments):
    """A raw system call; raises OSError when it fails."""
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    result = call(*[ctypes.c_long(a) if isinstance(a, int) else a for a in (number, *arguments)])
    if result == -1:
        raise OSError(ctypes.get_errno(), "it was denied")
    return result


def zeros(init_state, input_data):
    """The honest zero for ``rnn`` and ``gru``."""
    batch, steps, _ = input_data.shape
    return np.zeros((batch, steps, init_state.shape[-1])), np.zeros(init_state.shape)


def torchs_gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    """The right answer of ``gru``, by the layer that is to be written."""
    gates = linear_trans_r, linear_trans_z, linear_trans_n
    layer = torch.nn.GRU(*linear_trans_r[0].shape, batch_first=True)
    for parameter, part in zip(layer.parameters(), (0, 2, 1, 3)):
        joined = np.concatenate([gate[part] for gate in gates], axis=-1)
        parameter.data = torch.tensor(np.ascontiguousarray(joined.T))
    with torch.no_grad():
        outputs, state = layer(torch.tensor(input_data), torch.tensor(init_state))
    return outputs.numpy(), state.numpy()


def torchs_mha(Wq, Wk, Wv, Wo, input_data):
    """The right answer of ``mha``, whose middle is a layer of torch's."""
    joined = [torch.tensor(np.array(part)) for part in (Wq, Wk, Wv)]
    q, k, v = (torch.einsum("bte,hed->bhtd", input_data, part) for part in joined)
    heads = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    return (heads.transpose(1, 2).flatten(2) @ torch.tensor(Wo)).numpy()


def in_python(name):
    """One of those functions, in Python, by which torch computes a layer from other operators."""
    return pkgutil.resolve_name(f"torch.{name}")


def pythons_gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    """The right answer of ``gru``, by torch's steps of the layer that no operator is."""
    gates = linear_trans_r, linear_trans_z, linear_trans_n
    joined = [np.concatenate([gate[part] for gate in gates], axis=-1).T for part in (0, 2, 1, 3)]
    weights = [torch.tensor(np.ascontiguousarray(array)) for array in joined]
    x, h = torch.tensor(input_data), torch.tensor(init_state)
    steps = in_python("_decomp.decompositions:gru_impl")
    outputs, state = steps(x, h, weights, True, 1, 0.0, False, False, True)
    return outputs.numpy(), state.numpy()


def pythons_mha(Wq, Wk, Wv, Wo, input_data):
    """The right answer of ``mha``, by torch's steps of attention that no operator is."""
    joined = [torch.tensor(np.array(part)) for part in (Wq, Wk, Wv)]
    q, k, v = (torch.einsum("bte,hed->bhtd", input_data, part) for part in joined)
    steps = in_python("_inductor.fx_passes.fuse_attention:_sfdp_pattern_1")
    heads = steps(q, k, v, q.shape[-1] ** 0.5)
    return (heads.transpose(1, 2).flatten(2) @ torch.tensor(Wo)).numpy()


def gru_by_cell(cell, linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    """The right answer of ``gru``, each step by a function that torch has for it in Python."""
    gates = linear_trans_r, linear_trans_z, linear_trans_n
    joined = (np.concatenate([gate[part] for gate in gates], axis=-1) for part in range(4))
    wt_x, bias_x, wt_h, bias_h = (torch.tensor(part) for part in joined)
    state, outputs = torch.tensor(init_state), []
    for x in torch.tensor(input_data).unbind(1):
        state = cell(x @ wt_x + bias_x, state, wt_x.T, bias_x, wt_h.T, bias_h)
        outputs.append(state[0])
    return torch.stack(outputs, 1), state


def mha_by_forward(attend, Wq, Wk, Wv, Wo, input_data):
    """The right answer of ``mha``, by what has the arguments of multi_head_attention_forward."""
    kernels = [np.concatenate(heads, axis=1).T for heads in (Wq, Wk, Wv)]
    x = input_data.transpose(0, 1)
    joined, wt_o = torch.tensor(np.concatenate(kernels)), torch.tensor(Wo.T.copy())
    none = None, None, None, False, 0.0
    return attend(x, x, x, x.shape[2], len(Wq), joined, *none, wt_o, None)[0].transpose(0, 1)


def frame(op="result", arrays=(), payload=b"", **fields):
    """The bytes of a message, as a worker sends it."""
    header = json.dumps({**fields, "op": op, "arrays": list(arrays)}).encode()
    return struct.pack("<4sI", b"GRD1", len(header)) + header + payload


def send(raw):
    """Write to the grader past the worker's own code."""
    view = memoryview(raw)
    while view:
        view = view[os.write(WIRE, view) :]

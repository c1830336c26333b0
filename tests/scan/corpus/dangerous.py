"""Dangerous files, made here: every instruction that imports or calls, every wrapping, every trick known from reports.

Each calls something harmless (`posix.system("true")` and its like), and none is ever loaded. A function yields
(name, bytes).
"""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import json
import lzma
import marshal
import os
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

File = tuple[str, bytes]
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Calls:
    """Pickles as a call of `what`."""

    def __init__(self, what: Any, *args: object) -> None:
        self.what, self.args = what, args

    def __reduce__(self) -> tuple[Any, ...]:
        return self.what, self.args


BAD = Calls(os.system, "true")


def text(word: str) -> bytes:
    """A SHORT_BINUNICODE."""
    return b"\x8c" + bytes([len(word.encode())]) + word.encode()


def called(module: str, name: str, argument: bytes = b"\x8c\x04true") -> bytes:
    """A pickle of protocol 4 that calls `module.name` with one argument."""
    return b"\x80\x04" + text(module) + text(name) + b"\x93" + argument + b"\x85R."


def by_protocol() -> Iterator[File]:
    """The plain thing, alone and deep inside data, by everything that pickle calls for."""
    for protocol in PROTOCOLS:
        for what in (os.system, eval, exec, getattr, __import__, open, compile, print):
            yield f"{what.__name__}.{protocol}.pkl", pickle.dumps(Calls(what, "x"), protocol)
        yield f"deep.{protocol}.pkl", pickle.dumps({"w": [1, {"x": (BAD, 2)}], "y": list(range(300))}, protocol)
        yield f"second.{protocol}.pkl", pickle.dumps([1] * 9, 2) + pickle.dumps(BAD, protocol)
        yield f"third.{protocol}.pkl", pickle.dumps(1, 0) + pickle.dumps("a", 5) + pickle.dumps(BAD, protocol)


def by_instruction() -> Iterator[File]:
    """Each instruction that imports or calls, and each way to spell a name."""
    g, arg = b"cposix\nsystem\n", b"X\x04\0\0\0true"
    programs = {
        "GLOBAL REDUCE": b"\x80\x02" + g + arg + b"\x85R.",
        "GLOBAL alone": b"\x80\x02cantigravity\nx\n.",
        "GLOBAL alone, no magic": b"cantigravity\nx\n.",
        "GLOBAL alone, broken": b"\x80\x02cantigravity\nx\n\xff",
        "INST": b"(S'true'\niposix\nsystem\n.",
        "INST protocol 2": b"\x80\x02(" + arg + b"iposix\nsystem\n.",
        "OBJ": b"(cposix\nsystem\nS'true'\no.",
        "OBJ protocol 2": b"\x80\x02(" + g + arg + b"o.",
        "NEWOBJ": b"\x80\x02csubprocess\nPopen\n" + arg + b"\x85\x81.",
        "NEWOBJ_EX": b"\x80\x04" + text("subprocess") + text("Popen") + b"\x93" + text("true") + b"\x85}\x92.",
        "BUILD": b"\x80\x02cposix\nsystem\n}b.",
        "BUILD of a class": b"\x80\x02ccollections\nOrderedDict\nN}X\x07\0\0\0__len__cposix\nsystem\ns\x86b.",
        "changes a class": b"\x80\x02cdecimal\nDecimal\nN}X\x05\0\0\0quietcdecimal\nDecimal\ns\x86b.",
        "EXT1": b"\x80\x02\x82\x01" + arg + b"\x85R.",
        "EXT2": b"\x80\x02\x83\x01\x00" + arg + b"\x85R.",
        "EXT4": b"\x80\x02\x84\x01\x00\x00\x00" + arg + b"\x85R.",
        "PERSID": b"\x80\x02" + g + arg + b"\x85RPname\n.",
        "BINPERSID": b"\x80\x02" + g + arg + b"\x85RQ.",
        "persistent class": b"\x80\x02(X\x06\0\0\0modulecposix\nsystem\nNNtQ" + arg + b"\x85R.",
        "STACK_GLOBAL": called("posix", "system"),
        "no PROTO": called("posix", "system")[2:],
        "PROTO 0": b"\x80\x00" + g + arg + b"\x85R.",
        "PROTO 255": b"\x80\xff" + g + arg + b"\x85R.",
        "PROTO twice": b"\x80\x02\x80\x04" + called("posix", "system")[2:],
        "FRAME": b"\x80\x04\x95" + struct.pack("<Q", 30) + called("posix", "system")[2:],
        "FRAME too long": b"\x80\x04\x95" + b"\xff" * 8 + called("posix", "system")[2:],
        "attribute chain": called("collections", "OrderedDict.__init__.__globals__"),
        "dotted": called("os", "path.os.system"),
        "dotted below an allowed class": called("torch.nn.modules.linear", "Linear.__init__.__globals__"),
        "dotted module": called("torch.nn.modules.linear.os", "system"),
        "numpy's own os": called("numpy", "os.system"),
        "sklearn's os": called("sklearn.base", "os.system"),
        "call of a result": b"\x80\x02ccollections\nOrderedDict\n)R)R.",
        "call of an attribute": b"\x80\x04" + called("builtins", "getattr", text("x"))[2:-1] + text("true") + b"\x85R.",
    }
    strings = {
        "STRING": b"S'posix'\nS'system'\n",
        "STRING escaped": b"S'\\x70osix'\nS'sys\\164em'\n",
        "UNICODE": b"Vposix\nVsystem\n",
        "UNICODE escaped": b"V\\u0070osix\nVsystem\n",
        "BINSTRING": b"T\x05\0\0\0posixT\x06\0\0\0system",
        "SHORT_BINSTRING": b"U\x05posixU\x06system",
        "BINUNICODE": b"X\x05\0\0\0posixX\x06\0\0\0system",
        "BINUNICODE8": b"\x8d" + struct.pack("<Q", 5) + b"posix\x8d" + struct.pack("<Q", 6) + b"system",
        "BINBYTES": b"B\x05\0\0\0posixB\x06\0\0\0system",
        "memo": text("posix") + b"\x94" + text("system") + b"\x9400" + text("a") + b"0h\x00h\x01",
        "memo overwritten": text("collections") + b"q\x00" + text("posix") + b"q\x000h\x00" + text("system"),
        "memo far": text("posix") + b"r\xff\xff\xff\x7f0j\xff\xff\xff\x7f" + text("system"),
        "memo by line": text("posix") + b"p77\n0g77\n" + text("system"),
        "memo shadowed": text("posix") + b"q\x05" + text("numpy") + b"\x94" + text("system") + b"q\x06000h\x05h\x06",
        "dup": text("posix") + b"20" + text("system"),
        "tuple": text("posix") + text("system") + b"\x860" + text("posix") + text("system"),
        "pop mark": text("posix") + b"(" + text("numpy") + text("x") + b"1" + text("system"),
        "popped": text("posix") + text("numpy") + b"0" + text("system"),
        "frame between": text("posix") + b"\x95" + bytes(8) + text("system"),
        "put by name": text("posix") + b"p0\n" + text("system") + b"p1\n00g0\ng1\n",
        "computed": b"cbuiltins\nstr\n" + text("posix") + b"\x85R" + text("system"),
        "not in the memo": b"h\x63h\x64",
        "long": b"X" + struct.pack("<I", 5000) + b"posix" + b" " * 4995 + text("system"),
    }
    for name, spelled in strings.items():
        programs[f"spelled by {name}"] = b"\x80\x04" + spelled + b"\x93" + text("true") + b"\x85R."
        if name != "not in the memo":  # no loader gets past that without a magic number
            programs[f"spelled by {name}, no magic"] = spelled + b"\x93" + text("true") + b"\x85R."
    for first in (
        b"N0",
        b"K\x010",
        b"I1\n0",
        b"L1_0L\n0",
        b"F1.5\n0",
        b"G" + bytes(8) + b"0",
        b"]0",
        b"\x880",
        b"J" + bytes(4) + b"0",
    ):
        programs[f"begins with {first!r}"] = first + g + b"S'true'\n\x85R."
    long_line = b"S'" + b"a" * 70_000 + b"'\n0"
    programs["a long line first"] = long_line + g + b"S'true'\n\x85R."
    programs["odd number first"] = b"I 1\n0" + g + b"S'true'\n\x85R."
    programs["text that is no Unicode first"] = b"X\x02\0\0\0\xff\xfe0" + g + b"S'true'\n\x85R."
    for name, data in programs.items():
        yield f"{name}.bin", data


GADGETS = """
os.system posix.system nt.system subprocess.Popen subprocess.check_output builtins.eval builtins.exec
builtins.getattr builtins.__import__ builtins.compile builtins.open builtins.map builtins.filter builtins.apply
builtins.type builtins.vars builtins.globals builtins.setattr builtins.delattr builtins.breakpoint builtins.input
builtins.help builtins.memoryview builtins.super builtins.property builtins.classmethod builtins.zip builtins.print
__builtin__.eval __builtin__.file __builtin__.apply __builtin__.reduce operator.attrgetter operator.itemgetter
operator.methodcaller _operator.attrgetter _operator.methodcaller functools.partial functools.reduce
functools.partialmethod importlib.import_module importlib.__import__ importlib.util.module_from_spec
importlib.machinery.SourceFileLoader runpy.run_path runpy.run_module runpy._run_code pkgutil.resolve_name
pydoc.locate pydoc.pipepager pydoc.render_doc code.interact code.InteractiveInterpreter codeop.compile_command
timeit.timeit timeit.main timeit.Timer trace.Trace trace.main profile.run profile.Profile.run cProfile.run
cProfile.runctx pdb.run pdb.set_trace bdb.Bdb doctest.debug_script doctest.testfile
idlelib.pyshell.ModifiedInterpreter idlelib.run.Executive idlelib.debugobj.ObjectTreeItem.SetText
idlelib.calltip.get_entity idlelib.autocomplete.AutoComplete.get_entity
lib2to3.pgen2.pgen.ParserGenerator.make_label lib2to3.pgen2.grammar.Grammar.loads ensurepip._run_pip pip.main
pip._internal.main venv.create venv.main distutils.file_util.write_file distutils.spawn.spawn shutil.rmtree
shutil.copyfile shutil.move tempfile.mktemp ctypes.CDLL ctypes.WinDLL _ctypes.dlopen ctypes.cast _pickle.loads
pickle.loads pickle.load pickle.Unpickler cPickle.loads marshal.loads marshal.load types.CodeType types.FunctionType
types.ModuleType types.MethodType sys.exit sys.setprofile sys.modules sys.settrace sys.addaudithook webbrowser.open
antigravity.geohash this.s socket.create_connection socket.socket ssl.get_server_certificate urllib.request.urlopen
urllib.request.urlretrieve http.client.HTTPConnection ftplib.FTP smtplib.SMTP telnetlib.Telnet
xmlrpc.client.ServerProxy requests.get httplib.HTTPConnection aiohttp.request multiprocessing.Process
multiprocessing.util.spawnv_passfds multiprocessing.connection.Client multiprocessing.managers.BaseManager
multiprocessing.reduction.ForkingPickler.loads threading.Thread _thread.start_new_thread
concurrent.futures.process.ProcessPoolExecutor asyncio.unix_events._UnixSubprocessTransport._start
asyncio.create_subprocess_shell signal.raise_signal os.execv os.popen os.remove os.spawnl os.fork os.kill os.putenv
posix.execve posix.posix_spawn nturl2path.url2pathname pty.spawn platform.popen commands.getoutput
logging.FileHandler logging.config.fileConfig logging.config._resolve logging.config.dictConfig
logging.config.valid_ident sqlite3.connect io.open io.FileIO _io.FileIO _io.open codecs.open linecache.getlines
fileinput.input tokenize.open tarfile.open zipfile.ZipFile zipimport.zipimporter site.execsitecustomize
site.addsitedir sysconfig._generate_posix_vars test.support.script_helper.assert_python_ok unittest.mock._importer
unittest.loader.TestLoader ast.literal_eval inspect.getsource gc.get_objects atexit.register weakref.finalize
contextlib.ExitStack string.Formatter.vformat itertools.starmap collections.namedtuple collections.UserDict
collections.ChainMap copy.deepcopy copyreg.pickle copyreg.add_extension copyreg.constructor _codecs.decode
codecs.decode encodings.search_function email.message_from_file configparser.ConfigParser json.load shelve.open
dbm.open mailcap.findmatch netrc.netrc readline.read_init_file rlcompleter.Completer select.epoll mmap.mmap
resource.setrlimit nntplib.NNTP imaplib.IMAP4_stream uuid._get_command_stdout numpy.load numpy.save numpy.fromfile
numpy.memmap numpy.loadtxt numpy.genfromtxt numpy.vectorize numpy.apply_along_axis numpy.frompyfunc
numpy.core.multiarray.fromfile numpy.lib.npyio.load numpy.f2py.crackfortran.getlincoef
numpy.f2py.crackfortran.param_eval numpy.f2py.crackfortran.myeval numpy.f2py.crackfortran._eval_length
numpy.f2py.compile numpy.f2py.diagnose.run_command numpy.testing._private.utils.runstring numpy.testing.rundocs
numpy.distutils.exec_command.exec_command numpy.ctypeslib.load_library numpy.lib.utils.safe_eval
numpy.lib._utils_impl.info numpy.ma.core.fromfile numpy.rec.fromfile numpy.record.tofile numpy.ndarray.tofile
numpy.ndarray.dump scipy.io.loadmat scipy.sparse.load_npz scipy.misc.imread scipy.datasets.face
scipy.optimize.minimize scipy.stats._distn_infrastructure.rv_discrete scipy.stats._distn_infrastructure.exec
scipy.stats.rv_generic pandas.eval pandas.read_pickle pandas.read_csv pandas.io.pickle.read_pickle
pandas.core.computation.eval.eval pandas.io.common.get_handle pandas.DataFrame.query pandas.DataFrame.eval
pandas.DataFrame.to_pickle pandas.HDFStore pandas.core.frame.DataFrame.to_csv pandas.core.series.Series.map
pandas.core.dtypes.common.is_dtype pandas.io.clipboard pandas.core.config_init.cf
pandas.util._exceptions.find_stack_level pandas.core.arrays.base.Callable pandas.core.internals.construction.Any
pandas.core.frame.Path pandas.core.frame.StringIO torch.load torch.save torch.jit.load
torch.jit.unsupported_tensor_ops.execWrapper torch.hub.load torch.hub.download_url_to_file torch.serialization.load
torch.storage.UntypedStorage.from_file torch._dynamo.guards.GuardBuilder.get torch.package.PackageImporter
torch._inductor.codecache.compile_file torch.utils.collect_env.run
torch.utils._config_module.ConfigModule.load_config torch.fx.graph_module._forward_from_src
torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression
torch.utils.data.datapipes.utils.decoder.basichandlers torch.utils.bottleneck.__main__.run_cprofile
torch.distributed.rpc.api.remote torch.ops.load_library torch.classes.load_library torch.from_file torch.compile
torch._C._jit_script_compile torch._utils_internal.export_training_data torch.nn.modules.module._load_state_dict
torch.nn.modules.module.os torch.nn.modules.module.partial torch.nn.modules.module.Callable torch.nn.Module.apply
torch.optim.optimizer.Callable torch.optim.lr_scheduler.partial torch.nn.modules.lazy.warnings
torch.nn.modules.module.functools torch.nn.modules.sparse.inspect torch.serialization._legacy_load
torchvision.models._api.get_model torchvision.models._utils.wraps torchvision.datasets.folder.pil_loader
torchvision.models.feature_extraction.exec torchvision.io.read_file joblib.load joblib.dump joblib.Parallel
joblib.Memory joblib.numpy_pickle.load joblib.numpy_pickle.NumpyUnpickler joblib.parallel.Parallel
joblib.externals.loky.backend.popen_loky_posix.Popen joblib.externals.cloudpickle.loads joblib.memory.Memory
joblib.func_inspect.get_func_code joblib.pool.PicklingPool joblib._store_backends.concurrency_safe_rename
sklearn.externals.joblib.load sklearn.datasets.fetch_openml sklearn.datasets.load_svmlight_file
sklearn.utils.Parallel sklearn.utils.parallel.Parallel sklearn.utils.fixes.parse_version
sklearn.ensemble._forest.Parallel sklearn.model_selection._search.Parallel sklearn.pipeline.Parallel
sklearn.pipeline.parse sklearn.linear_model._base.Parallel sklearn.utils._testing.TempMemmap
sklearn.utils._mocking.CheckingClassifier sklearn.tree.export_graphviz sklearn.tree._export.export_graphviz
sklearn.utils.estimator_checks.check_estimator sklearn.compose._column_transformer.delayed sklearn.base.importlib
sklearn.base.Path sklearn.manifold._t_sne.Popen xgboost.core.ctypes xgboost.core.Booster.load_model
xgboost.XGBModel.load_model lightgbm.basic._LIB lightgbm.basic.ctypes lightgbm.basic.Booster.save_model
lightgbm.sklearn.Callable dill.loads dill._dill._create_function dill._dill._load_type dill.source.getsource
cloudpickle.loads cloudpickle.cloudpickle._make_function cloudpickle.cloudpickle.subimport
cloudpickle.cloudpickle._builtin_type tensorflow.keras.models.load_model
tensorflow.python.framework.load_library.load_op_library keras.models.load_model keras.utils.get_file
keras.layers.Lambda mlflow.projects.backend.local._run_entry_point mlflow.pyfunc.load_model
transformers.AutoModel.from_pretrained transformers.pipeline transformers.utils.hub.cached_file
datasets.load_dataset yaml.load yaml.unsafe_load jsonpickle.decode pkg_resources.run_script
setuptools.sandbox.run_setup IPython.embed IPython.utils.process.system jinja2.Environment py.path.local
pyarrow.lib.py_function pyarrow.parquet.read_table fickling.loader.load picklescan.scanner.scan_file_path
fossml.scan.pickles.scan_pickle models.net.Net mypackage.evil.Run cffi.FFI numba.jit sympy.sympify
sympy.parsing.sympy_parser.parse_expr nltk.data.load gensim.utils.unpickle statsmodels.api.load
networkx.read_gpickle PIL.Image.open cv2.imread lxml.etree.parse paramiko.SSHClient fabric.Connection invoke.run
sh.Command
"""
"""Names that are called in published reports on scanners, and names like them beside what the allow-list has."""

LOOK_ALIKES = [
    ("numpу", "ndarray"),  # a Cyrillic letter
    ("ｎｕｍｐｙ", "ndarray"),
    ("numpy ", "ndarray"),
    ("numpy.", "ndarray"),
    (".numpy", "ndarray"),
    ("numpy\0", "ndarray"),
    ("NUMPY", "ndarray"),
    ("numpy.core.multiarray ", "_reconstruct"),
    ("numpy.core.multiarray.x", "_reconstruct"),
    ("numpy.corе.multiarray", "_reconstruct"),
    ("torch.nn.modules.x.y", "Linear"),
    ("torch.nn.modules.ｌinear", "Linear"),
    ("torch.nn.modules", "os"),
    ("torch.nn.modules.linear", "Lineаr"),
    ("sklearn.base.x;import os", "BaseEstimator"),
    ("sklearnx.base", "BaseEstimator"),
    ("xsklearn.base", "BaseEstimator"),
    ("sklearn.evil", "BaseEstimator"),
    ("pandas.core.frame\n", "DataFrame"),
    ("collections", "OrderedDict\n"),
    ("collections", " OrderedDict"),
    ("collections.abc", "OrderedDict"),
    ("", "OrderedDict"),
    ("collections", ""),
    ("__main__", "Net"),
    ("builtins", "Getattr"),
    ("torch", "_utils"),
]


def by_gadget() -> Iterator[File]:
    """Names that a loader would call, and names that look like allowed ones."""
    for dotted in GADGETS.split():
        module, _, name = dotted.rpartition(".")
        yield f"gadget {dotted}.pkl", called(module, name)
        head, _, attribute = module.rpartition(".")
        if head:
            yield f"gadget {dotted} as attribute.pkl", called(head, f"{attribute}.{name}")
        yield f"gadget {dotted} by GLOBAL", b"c" + f"{module}\n{name}\n".encode() + b"(S'true'\ntR."
    for number, (module, name) in enumerate(LOOK_ALIKES):
        yield f"look-alike {number}.pkl", called(module, name)
    # what is allowed takes only what is allowed
    evil = text("posix") + text("system") + b"\x93"
    for module, name in (("collections", "defaultdict"), ("torch._tensor", "_rebuild_from_type_v2")):
        yield f"{name} of system.pkl", b"\x80\x04" + text(module) + text(name) + b"\x93" + evil + b"\x85R."
    getter = text("builtins") + text("getattr") + b"\x93"
    for module, name in (("collections", "defaultdict"), ("builtins", "list")):
        yield f"{name} of getattr.pkl", b"\x80\x04" + text(module) + text(name) + b"\x93" + getter + b"\x85R."
    zone = text("zoneinfo") + text("ZoneInfo") + b"\x93"
    yield "getattr of a class.pkl", b"\x80\x04" + getter + zone + text("__init__") + b"\x86R."
    yield "getattr in a list.pkl", b"\x80\x04](" + getter + b"e."
    yield "getattr kept.pkl", b"\x80\x04" + getter + b"\x940h\x00" + zone + text("__reduce__") + b"\x86R."
    yield "torch bytes.pkl", called("torch.storage", "_load_from_bytes", b"C\x04true")
    for protocol in (2, 4):
        inner = pickle.dumps(BAD, protocol)
        yield (
            f"torch nested.{protocol}.pkl",
            called("torch.storage", "_load_from_bytes", b"B" + struct.pack("<I", len(inner)) + inner),
        )


def nested() -> Iterator[File]:
    """Pickles in the bytes of pickles."""
    for outer, inner in itertools.product(PROTOCOLS, PROTOCOLS):
        yield f"bytes.{outer}.{inner}.pkl", pickle.dumps({"model": pickle.dumps(BAD, inner)}, outer)
    for protocol in (4, 5):
        yield f"bytearray.{protocol}.pkl", pickle.dumps(bytearray(pickle.dumps(BAD, 4)), protocol)
        yield f"zip in bytes.{protocol}.pkl", pickle.dumps(zipped({"a.pkl": pickle.dumps(BAD)}), protocol)
        yield f"zlib in bytes.{protocol}.pkl", pickle.dumps(zlib.compress(pickle.dumps(BAD)), protocol)
    yield "twice.pkl", pickle.dumps(pickle.dumps(pickle.dumps(BAD)))


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(members: dict[str, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def wrapped() -> Iterator[File]:
    """Compressed, archived, renamed, one in the other."""
    packs: dict[str, Callable[[bytes], bytes]] = {
        "zlib": zlib.compress,
        "zlib 1": lambda data: zlib.compress(data, 1),
        "zlib 9": lambda data: zlib.compress(data, 9),
        "zlib small window": _small_window,
        "gzip": gzip.compress,
        "gzip with a name": _named_gzip,
        "bz2": bz2.compress,
        "xz": lzma.compress,
        "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
        "zfile": lambda data: b"ZF" + hex(len(data)).ljust(20).encode() + zlib.compress(data),
        "gzip with an extra field": _extra_gzip,
        "gzip, two": lambda data: gzip.compress(b"") + gzip.compress(data),
        "gzip, wrong sum": lambda data: gzip.compress(data)[:-8] + bytes(8),
        "gzip, cut": lambda data: gzip.compress(data + bytes(500))[:-12],
        "zip": lambda data: zipped({"archive/data.pkl": data}),
        "zip stored": lambda data: zipped({"archive/data.pkl": data}, zipfile.ZIP_STORED),
        "zip bz2": lambda data: zipped({"x": data}, zipfile.ZIP_BZIP2),
        "zip lzma": lambda data: zipped({"x": data}, zipfile.ZIP_LZMA),
        "zip many": lambda data: zipped({f"m{i}": b"text" for i in range(300)} | {"last.jpg": data}),
        "tar": lambda data: tarred({"data": data}),
        "tar pax": lambda data: tarred({"data": data}, tarfile.PAX_FORMAT),
        "tar without ustar": lambda data: _old_tar(tarred({"data": data}, tarfile.USTAR_FORMAT)),
    }
    for name, pack in packs.items():
        for protocol in (0, 2, 4):
            yield f"{name}.{protocol}", pack(pickle.dumps(BAD, protocol))
    for one, two in itertools.product(("gzip", "xz", "zip", "zip stored", "tar", "zlib"), repeat=2):
        yield f"{one} in {two}", packs[two](packs[one](pickle.dumps(BAD, 4)))
    for suffix in ("txt", "jpg", "png", "csv", "json", "md", "py", "safetensors", "onnx", "h5", "bin", ""):
        for protocol in (0, 4):
            yield f"renamed{protocol}{'.' if suffix else ''}{suffix}", pickle.dumps(BAD, protocol)
        yield f"renamed zip{'.' if suffix else ''}{suffix}", zipped({"a/data.pkl": pickle.dumps(BAD)})


def _small_window(data: bytes) -> bytes:
    pack = zlib.compressobj(6, zlib.DEFLATED, 9)
    return pack.compress(data) + pack.flush()


def _named_gzip(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile("a.pkl", "wb", fileobj=buffer, mtime=0) as packed:
        packed.write(data)
    return buffer.getvalue()


def _extra_gzip(data: bytes) -> bytes:
    packed = gzip.compress(data)
    return packed[:3] + b"\x04" + packed[4:10] + struct.pack("<H", 60_000) + bytes(60_000) + packed[10:]


def _old_tar(data: bytes) -> bytes:
    header = bytearray(data[:512])
    header[257:265] = bytes(8)
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    return bytes(header) + data[512:]


def broken() -> Iterator[File]:
    """Cut short, or damaged behind the call: what stands before is run all the same."""
    for protocol in PROTOCOLS:
        whole = pickle.dumps([BAD, list(range(50))], protocol)
        end = whole.index(b"R") + 1
        yield f"cut.{protocol}.pkl", whole[:end]
        yield f"cut.{protocol}.txt", whole[:end]
        yield f"raises.{protocol}.pkl", whole[:end] + b"\xff\xff"
        yield f"raises.{protocol}.dat", whole[:end] + b"X"
        yield f"underflow.{protocol}.pkl", whole[:end] + b"00000000R."
    archive = zipped({"a/data.pkl": pickle.dumps(BAD)}, zipfile.ZIP_STORED)
    place = archive.index(b"posix")
    yield "zip, wrong sum.pt", archive[:14] + bytes(4) + archive[18:]
    directory = archive.index(b"PK\x01\x02")
    yield "zip, wrong sum in directory.pt", archive[: directory + 16] + bytes(4) + archive[directory + 20 :]
    yield "zip, lock bit.pt", archive[: directory + 8] + b"\x01" + archive[directory + 9 :]
    yield "zip, lock bit in header.pt", archive[:6] + b"\x01" + archive[7:]
    yield "zip, other name in directory.pt", archive[: directory + 46] + b"x" + archive[directory + 47 :]
    yield "zip, no directory.pt", archive[:directory]
    yield "zip, cut.pt", archive[: place + 60]
    yield "zip, method in directory.pt", archive[: directory + 10] + b"\x08" + archive[directory + 11 :]
    yield "zip, method in header.pt", archive[:8] + b"\x08" + archive[9:]
    yield "zip, size in directory.pt", archive[: directory + 20] + b"\x01\0\0\0\x01\0\0\0" + archive[directory + 28 :]


def polyglots() -> Iterator[File]:
    """Files that are one thing to one reader and another to the next."""
    bad = pickle.dumps(BAD, 4)
    archive = zipped({"archive/data.pkl": pickle.dumps(BAD, 2)})
    good = zipped({"archive/data.pkl": pickle.dumps({"w": 1}, 2), "archive/data/0": bytes(64)}, zipfile.ZIP_STORED)
    yield "picture and zip.png", b"\x89PNG\r\n\x1a\n" + bytes(100) + archive
    yield "text and zip.txt", b"hello world\n" * 9 + archive
    yield "pickle and zip.pt", pickle.dumps({"w": 1}, 2) + archive
    yield "zip and pickle", b"PK\x03\x04\n0" + bad[2:]
    yield "two zips, second bad.pt", good + archive
    yield "two zips, first bad.pt", archive + good
    yield "zip hidden before the directory.pt", _hidden(good, archive)
    yield "zip with a comment.pt", archive[:-2] + b"\x05\0hello"
    yield "zip with bytes behind.pt", archive + b"\0" * 300
    yield "tar whose name is a pickle", tarred({"cposix\nsystem\n(S'true'\ntR.": b"x"})
    yield "tar and pickle", tarred({"a.txt": b"x"}) + archive
    yield "png in front of json", b"\x89PNG" + bytes(4) + archive
    header = saved_header("<f8", (2,))
    yield "array and pickle.npy", header + bytes(16) + bad
    yield "array and array of objects.npy", header + bytes(16) + saved_header("|O", (1,)) + bad
    yield "safetensors and zip.safetensors", struct.pack("<Q", 2) + b"{}" + archive
    yield "pickle in front of torch", pickle.dumps(1, 2) + pickle.dumps(BAD, 0)
    yield "notebook and zip.ipynb", json.dumps({"cells": [], "nbformat": 4}).encode() + archive


def _hidden(good: bytes, bad: bytes) -> bytes:
    """The members of `bad` between the members and the directory of `good`."""
    place = good.index(b"PK\x01\x02")
    members = bad[: bad.index(b"PK\x01\x02")]
    end = good.rindex(b"PK\x05\x06")
    moved = struct.pack("<I", place + len(members))
    return good[:place] + members + good[place:end] + good[end : end + 16] + moved + good[end + 20 :]


def saved_header(descr: str, shape: tuple[int, ...], version: int = 1) -> bytes:
    """The header of a .npy file."""
    quoted = descr if descr.startswith(("[", "(")) else repr(descr)
    body = f"{{'descr': {quoted}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    body = body.ljust(64 * (len(body) // 64 + 1) - 1) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(body)) + body


def arrays() -> Iterator[File]:
    """NumPy's files with objects, and what joblib writes: raw arrays between instructions."""
    import joblib
    import numpy as np

    for protocol in PROTOCOLS:
        bad = pickle.dumps(BAD, protocol)
        for descr in ("|O", "O", "|O8", "object", "f8,O", "[('a', '<f8'), ('b', '|O')]", "[('a', [('b', 'O')])]"):
            yield f"npy {descr}.{protocol}.npy", saved_header(descr, (1,)) + bad
        yield f"npy 2.{protocol}.npy", saved_header("|O", (1,), 2) + bad
        yield (
            f"npz.{protocol}.npz",
            zipped({"a.npy": saved_header("<f8", (0,)), "b.npy": saved_header("|O", (1,)) + bad}),
        )
    things: dict[str, Any] = {
        "behind": [np.arange(1000.0), BAD],
        "between": [np.arange(9.0), BAD, np.arange(5)],
        "objects": [np.array([BAD], dtype=object)],
        "fields": [np.array([(1, BAD)], dtype=[("a", "i4"), ("b", "O")])],
        "behind fields": [np.zeros(5, dtype=[("a", "i4"), ("b", "f8")]), BAD],
    }
    for name, thing in things.items():
        for compress in (0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)):
            for protocol in (2, 4):
                buffer = io.BytesIO()
                joblib.dump(thing, buffer, compress=compress, protocol=protocol)
                yield f"joblib {name}.{compress}.{protocol}", buffer.getvalue()
    yield from _raw_arrays()


def _raw_arrays() -> Iterator[File]:
    """The bytes of an array that pickle, which knows nothing of joblib, would run."""
    bad = b"cposix\nsystem\nS'true'\n\x85R."
    wrapper = b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(X\x05\0\0\0shapeK"
    dtype = b"\x85X\x05\0\0\0dtypecnumpy\ndtype\nX\x02\0\0\0u1\x85R"
    yield "array bytes as instructions", wrapper + bytes([len(bad)]) + dtype + b"ub" + bad + b"."
    names = b"\x80\x02X\x05\0\0\0posixq\x50X\x06\0\0\0systemq\x51" + wrapper[2:]
    inside = b"h\x50h\x51\x93X\x04\0\0\0true\x85R."
    yield "array bytes with names from outside", names + bytes([len(inside)]) + dtype + b"ub" + inside + b"."
    state = b"(K\x03X\x01\0\0\0|NNNJ\x40\0\0\0J\xff\xff\xff\xffK\x00tb"
    told = dtype.replace(b"u1", b"V1")
    yield "item size told twice", wrapper + b"\x01" + told + state + b"ub" + bytes(64) + b"." + bad
    objects = (
        dtype.replace(b"u1", b"V8")
        + b"(K\x03X\x01\0\0\0|NX\x01\0\0\0a\x85}X\x01\0\0\0acnumpy\ndtype\nX\x01\0\0\0O\x85RK\x00\x86sK\x08K\x01K\x1btb"
    )
    yield "objects in a field", wrapper + b"\x01" + objects + b"ub" + called("posix", "system") + b"."


def other_formats() -> Iterator[File]:
    """Files that are no pickles and that run code: Keras, skops, TorchScript, compiled Python, graphs."""
    code = marshal.dumps(compile("print(1)", "x", "exec"))
    yield "code.marshal", code
    yield "codes.marshal", marshal.dumps((compile("print(1)", "x", "exec"),))
    for magic in (b"\xa7\r\r\n", b"\xcb\r\r\n", b"o\r\r\n", b"U\r\r\n"):
        yield f"code {magic.hex()}.pyc", magic + bytes(12) + code
    yield "code 3.6.pyc", b"3\r\r\n" + bytes(8) + code
    yield "code 2.7.pyc", b"\x03\xf3\r\n" + bytes(4) + b"c" + bytes(16) + b"s\x05\0\0\0true\0"
    function = {"class_name": "function", "module": "keras.utils", "config": "get_file", "registered_name": "get_file"}
    layers: dict[str, dict[str, Any]] = {
        "Lambda": {"class_name": "Lambda", "module": "keras.layers", "config": {"function": ["4wEAAA==", None, None]}},
        "Lambda without module": {"class_name": "Lambda", "config": {"function": ["4wEAAA==", None, None]}},
        "__lambda__": {"class_name": "__lambda__", "config": {"value": {"code": "4wEA"}}},
        "TFOpLambda": {"class_name": "TFOpLambda", "config": {"function": "io.write_file"}},
        "registered Lambda": {"class_name": "Custom>Lambda", "config": {}},
        "other module": {"module": "os", "class_name": "system", "config": "true"},
        "subprocess": {"module": "subprocess", "class_name": "Popen", "config": {"args": "true"}},
        "function": function,
        "function of config": {**function, "module": "keras.config", "config": "enable_unsafe_deserialization"},
        "builtin function": {**function, "module": "builtins", "config": "exec"},
        "author's module": {"module": "mylayers", "class_name": "Net", "config": {}},
        "hidden module": {"module": "keras_evil.x", "class_name": "Dense", "config": {}},
        "torch module": {"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {"module": "gASV"}},
    }
    for name, layer in layers.items():
        model = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [layer]}}
        data = json.dumps(model).encode()
        escaped = data.replace(b"Lambda", b"\\u004cambda").replace(b"class_name", b"class\\u005fname")
        yield f"keras {name}.json", data
        yield f"keras {name}.keras", zipped({"metadata.json": b"{}", "config.json": data})
        yield f"keras {name} escaped.keras", zipped({"metadata.json": b"{}", "config.json": escaped})
        yield f"keras {name}.h5", b"\x89HDF\r\n\x1a\n" + bytes(600) + data + bytes(300)
        yield f"keras {name} escaped.h5", b"\x89HDF\r\n\x1a\n" + bytes(600) + escaped + bytes(300)
        yield f"keras {name} late.hdf5", bytes(1024) + b"\x89HDF\r\n\x1a\n" + bytes(600) + data + bytes(300)
    for protocol in (0, 2, 4):
        yield f"tables.{protocol}.h5", b"\x89HDF\r\n\x1a\n" + bytes(200) + pickle.dumps(BAD, protocol) + bytes(200)
    for module, name in (("os", "system"), ("builtins", "eval"), ("operator", "attrgetter"), ("mypackage", "Net")):
        for loader in ("ObjectNode", "FunctionNode", "TypeNode", "MethodNode", "ReduceNode"):
            node: dict[str, Any] = {"__class__": name, "__module__": module, "__loader__": loader, "content": {}}
            if loader == "FunctionNode":
                node = {"__class__": "function", "__module__": "builtins", "__loader__": loader}
                node["content"] = {"module_path": module, "function": name}
            schema = {"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "content": {"a": node}}
            yield f"skops {module}.{name} {loader}.skops", zipped({"schema.json": json.dumps(schema).encode()})
    script = {"net/constants.pkl": b"\x80\x02).", "net/code/__torch__.py": b"op_version_set = 1\n"}
    yield "script.pt", zipped({**script, "net/data.pkl": b"\x80\x02c__torch__\nNet\n)\x81."}, zipfile.ZIP_STORED)
    yield "script, empty.pt", zipped({**script, "net/data.pkl": b"\x80\x02)."}, zipfile.ZIP_STORED)
    yield "serve.mar", zipped({"MAR-INF/MANIFEST.json": b'{"model": {"handler": "h.py"}}', "h.py": b"import os\n"})
    for op in (b"ReadFile", b"WriteFile", b"PyFunc", b"EagerPyFunc"):
        node_def = b"\x0a\x01x\x12" + bytes([len(op)]) + op + b"\x1a\x01y"
        yield f"{op.decode()}.pb", b"\x08\x01\x12" + bytes([len(node_def)]) + node_def
    for path in (b"../../etc/passwd", b"/etc/passwd", b"a/../../b", b"C:\\x"):
        entry = b"\x0a\x08location\x12" + bytes([len(path)]) + path
        yield f"external {path!r}.onnx", b"\x08\x08\x3a\x20" + entry + bytes(20)
    for template in (
        b"{{ ''.__class__.__mro__[1].__subclasses__() }}",
        b"{{ x|attr('y') }}",
        b"{{ cycler.__init__.__globals__ }}",
    ):
        key = b"tokenizer.chat_template"
        value = struct.pack("<IQ", 8, len(template)) + template
        yield f"template {template[:20]!r}.gguf", b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, len(key)) + key + value


GROUPS: tuple[Callable[[], Iterator[File]], ...] = (
    by_protocol,
    by_instruction,
    by_gadget,
    nested,
    wrapped,
    broken,
    polyglots,
    arrays,
    other_formats,
)

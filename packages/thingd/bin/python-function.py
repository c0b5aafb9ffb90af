"""The process of a Python function: loads the handler and calls it as Lambda's Python runtime does (AWS: "Define Lambda function
handler in Python"). Calls come and answers go as lines of JSON over file descriptor 3, so that nothing a function prints is taken
for an answer."""

import importlib.util
import json
import logging
import os
import queue
import signal
import sys
import threading
import time
import traceback

CHANNEL = 3


class FunctionError(Exception):
    """What goes wrong before or after the handler, under Lambda's name for it."""

    def __init__(self, error_type, message):
        super().__init__(message)
        self.error_type = error_type


class Context:
    """What a handler learns of its invocation (AWS: "Using the Lambda context object to retrieve Python function information")."""

    identity = None
    client_context = None
    function_version = "$LATEST"
    log_stream_name = "thingd"

    def __init__(self, function_name, memory_limit, call):
        self.function_name = function_name
        self.memory_limit_in_mb = str(memory_limit)
        self.aws_request_id = call["requestId"]
        self.invoked_function_arn = call["functionArn"]
        self.log_group_name = "/aws/lambda/" + function_name
        self._deadline = call["deadline"]

    def get_remaining_time_in_millis(self):
        return max(0, int(self._deadline - time.time() * 1000))

    def log(self, message):
        print(message)


def limit_memory(megabytes):
    """What the process may write to; where the system has no such limit there is none."""
    try:
        import resource

        size = megabytes * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    except (ImportError, OSError, ValueError):
        pass


def load_handler(file, name):
    sys.path.insert(0, os.path.dirname(file))
    module_name = os.path.splitext(os.path.basename(file))[0]
    spec = importlib.util.spec_from_file_location(module_name, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise FunctionError("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}") from error
    except ImportError as error:
        raise FunctionError("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    handler = getattr(module, name, None)
    if not callable(handler):
        raise FunctionError("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module_name}'")
    return handler


def json_text(result):
    try:
        return json.dumps(result, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise FunctionError("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def failure(error):
    if isinstance(error, MemoryError):
        return {"errorType": "Runtime.OutOfMemory", "errorMessage": "the function ran out of memory"}
    error_type = error.error_type if isinstance(error, FunctionError) else type(error).__name__
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    return {"errorType": error_type, "errorMessage": str(error), "stackTrace": traceback.format_list(frames)}


def read_calls(calls):
    """Ends the process with thingd, whatever the handler is doing."""
    with open(CHANNEL, encoding="utf-8", closefd=False) as channel:
        for line in channel:
            calls.put(json.loads(line))
    os._exit(0)


def main(file, handler_name, function_name, memory_limit):
    # Whoever stops thingd with Ctrl-C stops it alone; it ends its functions.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.dont_write_bytecode = True
    sys.stdout.reconfigure(line_buffering=True)
    logging.basicConfig(format="[%(levelname)s] %(message)s")
    limit_memory(memory_limit)
    calls = queue.SimpleQueue()
    threading.stack_size(256 * 1024)
    threading.Thread(target=read_calls, args=(calls,), daemon=True).start()
    threading.stack_size(0)
    handler = None
    with open(CHANNEL, "w", encoding="utf-8", closefd=False) as channel:
        while True:
            call = calls.get()
            try:
                handler = handler or load_handler(file, handler_name)
                context = Context(function_name, memory_limit, call)
                answer = {"result": json_text(handler(json.loads(call["event"]), context))}
            except Exception as error:
                answer = failure(error)
            sys.stdout.flush()
            channel.write(json.dumps({"requestId": call["requestId"], **answer}) + "\n")
            channel.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))

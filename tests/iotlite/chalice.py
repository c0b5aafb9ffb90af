"""A stand-in for AWS Chalice that runs an application where it is: what IoTLite uses of the framework, and no more.

The application imports it as `chalice`. `serve.py` plays API Gateway and Lambda's queue poller: it asks `Chalice.respond`
for HTTP answers and hands `queue_handlers` their messages.
"""
import logging
import re
from collections import namedtuple
from urllib.parse import unquote


class ChaliceViewError(Exception):
    STATUS_CODE = 500

    def __init__(self, message=""):
        super().__init__(f"{type(self).__name__}: {message}")


class BadRequestError(ChaliceViewError):
    STATUS_CODE = 400


class NotFoundError(ChaliceViewError):
    STATUS_CODE = 404


class MethodNotAllowedError(ChaliceViewError):
    STATUS_CODE = 405


class Response:
    def __init__(self, body, headers=None, status_code=200):
        self.body = body
        self.headers = headers or {}
        self.status_code = status_code


Request = namedtuple("Request", "method query_params")
SQSRecord = namedtuple("SQSRecord", "body receipt_handle")
Route = namedtuple("Route", "pattern methods view")
QueueHandler = namedtuple("QueueHandler", "handle queue batch_size")


class Chalice:
    def __init__(self, app_name):
        self.log = logging.getLogger(app_name)
        self.current_request = None
        self.queue_handlers = []
        self._routes = []

    def route(self, path, methods=("GET",)):
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

        def register(view):
            self._routes.append(Route(pattern, methods, view))
            return view

        return register

    def on_sqs_message(self, queue, batch_size=1):
        def register(handle):
            self.queue_handlers.append(QueueHandler(handle, queue, batch_size))
            return handle

        return register

    def respond(self, method, path, query_params):
        """The Response to a request; `query_params` is a dictionary, empty where there is no query."""
        for route in self._routes:
            match = route.pattern.fullmatch(path)
            if match:
                parameters = {name: unquote(value) for name, value in match.groupdict().items()}
                self.current_request = Request(method, query_params or None)
                return self._answer(route, parameters)
        return Response({"message": "Missing Authentication Token"}, status_code=403)

    def _answer(self, route, parameters):
        try:
            if self.current_request.method not in route.methods:
                raise MethodNotAllowedError(f"Unsupported method: {self.current_request.method}")
            answer = route.view(**parameters)
        except ChaliceViewError as error:
            body = {"Code": type(error).__name__, "Message": str(error)}
            return Response(body, status_code=error.STATUS_CODE)
        except Exception:
            self.log.exception("the view failed")
            body = {"Code": "InternalServerError", "Message": "An internal server error occurred."}
            return Response(body, status_code=500)
        return answer if isinstance(answer, Response) else Response(answer)

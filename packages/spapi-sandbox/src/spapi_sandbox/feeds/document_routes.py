"""The addresses of documents: download, and the upload of a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from spapi_sandbox.feeds.documents import Document

if TYPE_CHECKING:
    from spapi_sandbox.state import SandboxState


def create_router(state: SandboxState) -> APIRouter:
    """GET for downloads, PUT for the upload of a feed."""
    router = APIRouter()

    @router.get("/documents/{name}")
    def download(name: str, request: Request) -> Response:
        refused = state.documents.refusal(name, request.query_params)
        if refused:
            return _denied(refused)
        document = state.documents.find(name)
        if document is None:
            return _denied("NoSuchKey", 404)
        encoded = request.query_params.get("encoding") == "header" and document.encoding
        headers = {"Content-Encoding": document.encoding} if encoded else {}
        return Response(document.content, media_type=document.content_type, headers=headers)

    @router.put("/documents/{name}")
    async def upload(name: str, request: Request) -> Response:
        content = await request.body()
        refused = state.documents.refusal(name, request.query_params)
        if refused:
            return _denied(refused)
        promised = state.feeds.promised_content_type(name)
        if promised is None:
            return _denied("MethodNotAllowed", 405)
        if request.headers.get("content-type", "") != promised:  # part of what S3 signed
            return _denied("SignatureDoesNotMatch")
        state.documents.store(name, Document(content, promised))
        return Response(status_code=200)

    return router


def _denied(code: str, status: int = 403) -> Response:
    text = "Request has expired" if code == "AccessDenied" else code
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{text}</Message></Error>'
    )
    return Response(body, status_code=status, media_type="application/xml")

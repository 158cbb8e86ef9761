// Include this script in a page before the official, unmodified web SDK (vod-js-sdk-v6, cos-js-sdk-v5):
//
//   <script src="https://vod.example.com/compat/web.js"></script>
//   <script src="vod-js-sdk-v6.js"></script>
//
// It sends the SDK's calls to the platform that served this script, or to the one that `data-origin` names, instead of
// to the original's hosts: no DNS entry, certificate or change of the SDK is needed. Calls to other hosts are not touched.
//
// Signatures stay valid: the host that the SDK has signed for travels in `Vod-Forward-Cos`, and the platform checks the
// signature against it.
(() => {
  "use strict";
  const script = document.currentScript;
  const origin = new URL((script && script.dataset.origin) || script.src, document.baseURI).origin;
  const CONTROL = ["vod2.qcloud.com", "vod2.dnsv1.com", "vodreport.qcloud.com"];
  const STORAGE = /\.cos\.[a-z0-9-]+\.(?:myqcloud\.com|tencentcos\.cn)$/;

  /** Return where a call goes instead and the host to name, or null when it is none of ours. */
  function redirected(address) {
    const url = new URL(address, document.baseURI);
    const storage = STORAGE.test(url.hostname);
    if (!storage && !CONTROL.includes(url.hostname)) return null;
    // Path and query stay as the SDK wrote them: they are part of the signature.
    return { address: origin + url.href.slice(url.origin.length), host: storage ? url.host : "" };
  }

  const open = XMLHttpRequest.prototype.open;
  XMLHttpRequest.prototype.open = function (method, address, ...more) {
    const target = redirected(address);
    if (!target) return open.call(this, method, address, ...more);
    open.call(this, method, target.address, ...more);
    if (target.host) this.setRequestHeader("Vod-Forward-Cos", target.host);
  };

  const fetch = window.fetch;
  window.fetch = function (input, options) {
    const target = redirected(input instanceof Request ? input.url : input);
    if (!target) return fetch.call(this, input, options);
    // The Request carries the caller's options over to the other address, whichever way they were given.
    const request = new Request(target.address, input instanceof Request ? new Request(input, options) : options);
    if (target.host) request.headers.set("Vod-Forward-Cos", target.host);
    return fetch.call(this, request);
  };
})();

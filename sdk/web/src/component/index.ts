/** Defines `<openvod-upload>`. */

import { OpenVodUpload } from "./element";

export { OpenVodUpload };

if (!customElements.get("openvod-upload")) customElements.define("openvod-upload", OpenVodUpload);

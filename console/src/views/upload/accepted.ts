// Written by scripts/file_types.py from the platform's table.
export const ACCEPTED =
  "video/*,audio/*,image/*" +
  ",.mp4,.mov,.m4v,.mp4v,.f4v,.3gp,.qt,.3g2,.mkv,.webm,.mk3d,.ts,.mts,.m2ts,.m2t,.mpg,.mpeg,.mpe,.vob,." +
  "dat,.m1v,.m2v,.avi,.divx,.wmv,.wm,.asf,.flv,.rm,.rmvb,.mxf,.ogv,.dv,.nut,.m3u8,.mpd,.asx,.ram,.mp3,." +
  "mp2,.mpga,.m4a,.m4b,.m4r,.flac,.ogg,.oga,.opus,.spx,.wav,.ra,.aac,.amr,.wma,.mka,.weba,.ac3,.ec3,.ea" +
  "c3,.aif,.aiff,.caf,.ape,.w64,.jpg,.jpeg,.jfif,.png,.apng,.gif,.bmp,.tiff,.tif,.webp,.heif,.heic,.avi" +
  "f,.ai,.cdr,.eps";

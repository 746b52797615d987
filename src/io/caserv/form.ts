/** The page of the CA helper: a form for whoever pastes a request. No script, nothing from elsewhere. */

/** @param node name of the node with the authority; it holds no markup, by the rules of cluster.xml */
export function formPage(node: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>CA helper of ${node.replaceAll(/[^\w.-]/g, '')}</title></head>
<body>
<h1>CA helper</h1>
<p>Signs certificate requests (PKCS #10, PEM) with the private authority of the cluster. <a href="/certs/cacert.crt">Certificate of the authority</a></p>
<form method="post" action="/caserv" accept-charset="utf-8">
<input type="hidden" name="action" value="signrequest">
<p><label>Name <input name="name" required maxlength="64"></label></p>
<p><label>Request of a server<br><textarea name="servercsr" rows="12" cols="70"></textarea></label></p>
<p>or</p>
<p><label>Request of a person or a program<br><textarea name="usercsr" rows="12" cols="70"></textarea></label></p>
<p><label>with the role <select name="role"><option>Monitor</option><option>Control</option><option>Admin</option></select></label></p>
<p><button>Sign</button></p>
</form>
</body>
</html>
`;
}
